"""Propose settings for amounts: columns, number style, and direction."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from bankseg_assets.onboarding.amounts import Amounts, Style, amount_of
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.customer_settings import choose, name_of
from bankseg_assets.onboarding.draft import NONE, OPEN, AnswerError, Draft
from bankseg_assets.onboarding.header_words import plain
from bankseg_assets.onboarding.masking import label
from bankseg_assets.onboarding.roles import Profile, Roles, direction_letters
from bankseg_assets.onboarding.value_words import UNSETTLED, direction_of

REVERSAL = "reversal"
MOST_WORDS = 12


def propose_money(draft: Draft, roles: Roles) -> None:
    """Propose the columns of money, direction and currency, and a row filter."""
    found = roles.found
    parts = [role for role in _SIDES if role in found]
    ties = [role for role in _SIDES if role in roles.ties]
    style = _common_style(one for role, one in found.items() if role in _MONEY)
    is_by_side = parts and (len(parts) == len(_SIDES) or "amount" not in found)
    if ties and "amount" not in found:
        for side in ties:
            choose(draft, roles, side, f"more than one column may be the {side}", [])
    if is_by_side:
        _propose_sides(draft, roles, style)
    elif "amount" in found:
        _propose_amount(draft, roles, style)
    elif {"quantity", "unit_price"} <= found.keys() and "amount" not in roles.ties:
        for role, why in (("quantity", "the amount is"), ("unit_price", "quantity times price")):
            draft.propose(f"columns.{role}.name", name_of(found[role]), why)
            _propose_style(draft, role, found[role], style)
    elif not ties:
        rest = [one for one in roles.rest if one.amounts]
        tied = "amount" in roles.ties
        why = (
            "more than one column may be the amount"
            if tied
            else "no header's name says which column is the amount"
        )
        choose(draft, roles, "amount", why, rest or roles.rest)
    if "balance" in found:
        profile = found["balance"]
        draft.propose("columns.balance.name", name_of(profile), _seen(profile))
        draft.propose(
            "columns.balance.nullable",
            True,
            f"{profile.sound.empty:,} of {profile.column.rows:,} rows have none",
        )
        _propose_placeholders(draft, "balance", profile)
        _propose_style(draft, "balance", profile, style)
        _propose_words_of_balance(draft, profile)
    elif "balance" in roles.ties:
        choose(draft, roles, "balance", "more than one column may be the balance", [])
    _propose_currency_column(draft, roles)
    _propose_status(draft, roles)


_SIDES = ("debit", "credit")
_MONEY = ("amount", "debit", "credit", "balance", "quantity", "unit_price")


def _common_style(profiles: Iterable[Profile]) -> Style | None:
    """Return the number style of the unambiguous columns, if they agree."""
    decided = {
        (one.amounts.style.decimal, one.amounts.style.thousands): one.amounts.style
        for one in profiles
        if one.amounts
        and len(one.amounts.styles) == 1
        and (one.amounts.style.fractions or one.amounts.style.grouped)
    }
    decimals = {decimal for decimal, _ in decided}
    return next(iter(decided.values())) if len(decimals) == 1 else None


def _seen(profile: Profile) -> str:
    amounts = profile.amounts
    if amounts is None:
        return "no value in the sample"
    negative = f", {amounts.negatives:,} below zero" if amounts.negatives else ", none below zero"
    return f"{amounts.rows:,} amounts{negative}"


def _propose_placeholders(draft: Draft, role: str, profile: Profile) -> None:
    if profile.placeholders:
        rows = sum(profile.column.counts[value] for value in profile.placeholders)
        draft.propose(
            f"columns.{role}.placeholders", list(profile.placeholders), f"in {rows:,} rows"
        )


def _propose_style(draft: Draft, role: str, profile: Profile, common: Style | None) -> None:
    """Propose the separators; ask if 1,234 may be 1.234 or 1234."""
    amounts = profile.amounts
    if amounts is None:
        return
    key = f"columns.{role}"
    styles = amounts.styles
    if len(styles) > 1 and common is not None:
        styles = tuple(style for style in styles if style.decimal == common.decimal) or styles
    if len(styles) > 1:
        options = tuple(dict.fromkeys(style.decimal for style in styles))
        answer = draft.ask(
            f"{key}.decimal_separator",
            options,
            "each of its values with a separator has three digits after it: 9,999 may be "
            "thousands or decimals",
        )
        if answer is None:
            return
        draft.answered(f"{key}.decimal_separator", answer)
        style = next(one for one in styles if one.decimal == answer)
        if style.thousands:
            draft.answered(f"{key}.thousands_separator", style.thousands)
        return
    style = styles[0]
    if style.decimal != ".":
        seen = f"{style.fractions:,} of {amounts.rows:,} amounts have one"
        draft.propose(f"{key}.decimal_separator", style.decimal, seen)
    elif not style.fractions and common is not None and common.decimal == ",":
        draft.propose(f"{key}.decimal_separator", ",", "as in the other amounts of the file")
    if style.thousands:
        seen = f"{style.grouped:,} of {amounts.rows:,} amounts have one"
        draft.propose(f"{key}.thousands_separator", style.thousands, seen)
    elif common is not None and common.thousands and common.decimal == style.decimal:
        draft.propose(
            f"{key}.thousands_separator", common.thousands, "as in the other amounts of the file"
        )


def _propose_sides(draft: Draft, roles: Roles, style: Style | None) -> None:
    """Propose debit and credit columns, whose names give the direction."""
    for role in _SIDES:
        if role not in roles.found:
            continue
        profile = roles.found[role]
        draft.propose(f"columns.{role}.name", name_of(profile), _seen(profile))
        _propose_placeholders(draft, role, profile)
        _propose_style(draft, role, profile, style)
        amounts = profile.amounts
        if amounts and amounts.negatives and amounts.negatives + amounts.zeros >= amounts.rows:
            draft.propose(
                f"columns.{role}.negated", True, f"all {amounts.negatives:,} are below zero"
            )
        elif amounts and amounts.negatives:
            draft.remark(
                f"columns.{role}",
                f"{amounts.negatives:,} of {amounts.rows:,} are below zero: reversals.",
            )
    draft.propose("spending", "debit", "the debit column is what the customer spends")


def _propose_amount(draft: Draft, roles: Roles, style: Style | None) -> None:
    profile = roles.found["amount"]
    draft.propose("columns.amount.name", name_of(profile), _seen(profile))
    _propose_placeholders(draft, "amount", profile)
    _propose_style(draft, "amount", profile, style)
    amounts = profile.amounts
    if amounts and amounts.words:
        _propose_words_of_amount(draft, amounts)
        return
    direction = roles.found.get("direction")
    if direction is not None:
        sign = _sign_of_direction(profile, direction, amounts)
        if sign:
            draft.propose(
                "columns.amount.negative",
                sign,
                f"the sign agrees with {name_of(direction)!r} in every row",
            )
            return
        if _sides(direction) or "columns.direction.name" in draft.answers:
            _propose_direction(draft, direction)
            return
        if not (amounts and amounts.negatives):
            draft.ask(
                "columns.direction.name",
                (name_of(direction), NONE),
                f"whether it gives the direction, spending or income: {_kinds(direction)}; "
                f"{NONE}: all is spending",
            )
            return
    elif "direction" in roles.ties:
        choose(draft, roles, "direction", "more than one column may give the direction", [])
        return
    if amounts and amounts.negatives:
        answer = draft.ask(
            "columns.amount.negative",
            ("spending", "income", REVERSAL),
            f"{amounts.negatives:,} of {amounts.rows:,} amounts are below zero: the customer's "
            f"spending, or income, or reversals of what is above zero ({REVERSAL}: leave the line "
            "out)",
        )
        if answer and answer != REVERSAL:
            draft.answered("columns.amount.negative", answer)
    elif amounts:
        draft.remark(
            "columns.amount",
            "Neither a column nor a sign gives the direction: all amounts count as spending.",
        )


def _sides_of_words(words: Iterable[str]) -> dict[str, str]:
    """Return upper-case word -> direction, for known words beside amounts."""
    column = Column("", tuple(words))
    letters = direction_letters(column)
    if letters is not None:
        return {letters[0]: "spending", letters[1]: "income"}
    found = {word: direction_of(word) for word in column.counts}
    return {word: side for word, side in found.items() if side}


def _shown(amounts: Amounts) -> str:
    """Return the words with their row counts, for display."""
    counts = [f"{word} {rows:,}" for word, rows in amounts.words.most_common(MOST_WORDS)]
    if amounts.without_word:
        counts.append(f"{EMPTY} {amounts.without_word:,}")
    return ", ".join(counts)


def _propose_words_of_amount(draft: Draft, amounts: Amounts) -> None:
    """Propose the words beside amounts; ask if a word, or its absence, is ambiguous."""
    sides = _sides_of_words(amounts.words)
    below, above = (
        {sides.get(word, "") for word in amounts.signs[is_below]} for is_below in (True, False)
    )
    if len(below) == len(above) == 1 and below.isdisjoint(above) and "" not in below | above:
        draft.propose(
            "columns.amount.negative", next(iter(below)), "sign and word agree in every row"
        )
    else:
        _propose_signs_beside_words(draft, "amount", amounts)
    is_clear = len(sides) == len(amounts.words)
    if amounts.without_word and len({*sides.values()}) == len(_DIRECTIONS):
        is_clear = False  # the direction of rows without a word is unknown
    for side in _DIRECTIONS:
        known = sorted(word for word in amounts.words if sides.get(word) == side)
        key = f"columns.amount.{side}"
        opposite = _OPPOSITE.get(next(iter(sides), ""), "")
        if is_clear and known and not amounts.without_word:
            rows = sum(amounts.words[word] for word in known)
            draft.propose(key, known, f"beside {rows:,} of {amounts.rows:,} amounts")
        elif is_clear and opposite and not known and not amounts.without_word:
            draft.propose(key, [opposite], "none in the sample")
        else:
            options = [",".join(known or sorted(amounts.words.keys() - sides.keys())[:2])]
            options += [EMPTY] if amounts.without_word else []
            why = f"which words beside an amount are {side} ({_shown(amounts)})"
            if answer := draft.ask(key, [one for one in options if one], why, is_free=True):
                draft.answered(key, _answered_words(answer))


def _propose_signs_beside_words(draft: Draft, role: str, amounts: Amounts) -> None:
    if amounts.negatives:
        draft.remark(
            f"columns.{role}",
            f"{amounts.negatives:,} have a sign, too: -5 Dr may be a debit or the reversal of one. "
            "These rows are quarantined: ask the bank.",
        )


def _propose_words_of_balance(draft: Draft, profile: Profile) -> None:
    """Propose the words beside balances: a debit balance is negative."""
    amounts = profile.amounts
    if amounts is None or not amounts.words:
        return
    _propose_signs_beside_words(draft, "balance", amounts)
    sides = _sides_of_words(amounts.words)
    both = len({*sides.values()}) == len(_DIRECTIONS)
    is_clear = len(sides) == len(amounts.words) and not amounts.without_word
    for words, side in (("negative_words", "spending"), ("positive_words", "income")):
        known = sorted(word for word in amounts.words if sides.get(word) == side)
        opposite = _OPPOSITE.get(next(iter(sides), ""), "")
        key = f"columns.balance.{words}"
        if is_clear and (known or (opposite and not both)):
            rows = sum(amounts.words[word] for word in known)
            seen = (
                f"beside {rows:,} of {amounts.rows:,} balances" if known else "none in the sample"
            )
            draft.propose(key, known or [opposite], seen)
            continue
        sign = "below zero" if side == "spending" else "not below zero"
        options = [",".join(known or sorted(amounts.words.keys() - sides.keys())[:2])]
        options += [EMPTY] if amounts.without_word else []
        why = f"which words beside a balance say that it is {sign} ({_shown(amounts)})"
        if answer := draft.ask(key, [one for one in options if one], why, is_free=True):
            draft.answered(key, _answered_words(answer))


def _answered_words(answer: str) -> list[str]:
    words = [word.strip() for word in answer.split(",") if word.strip()]
    return ["" if word == EMPTY else word for word in words]


def _kinds(profile: Profile) -> str:
    counts = profile.sound.counts.most_common(MOST_WORDS)
    return ", ".join(f"{label(value)} {rows:,}" for value, rows in counts)


def _sides(direction: Profile) -> dict[str, str]:
    """Return upper-case value -> direction, for known values."""
    letters = direction_letters(direction.sound)
    if letters is not None:
        return {letters[0].upper(): "spending", letters[1].upper(): "income"}
    found = {value.upper(): direction_of(value) for value in direction.sound.counts}
    return {value: side for value, side in found.items() if side}


def _sign_of_direction(profile: Profile, direction: Profile, amounts: Amounts | None) -> str:
    """Return the direction of negative amounts, if signs and directions always agree."""
    if amounts is None or not amounts.negatives or len(amounts.styles) > 1:
        return ""
    sides = _sides(direction)
    style = amounts.style
    by_sign: dict[bool, set[str]] = {True: set(), False: set()}
    for text, word in zip(profile.sound.values, direction.sound.values, strict=True):
        value = amount_of(text, style.decimal, style.thousands) if text else None
        if value:
            by_sign[value < 0].add(sides.get(word.upper(), ""))
    below, above = by_sign[True], by_sign[False]
    if len(below) == 1 and below.isdisjoint({""}) and below.isdisjoint(above) and "" not in above:
        return next(iter(below))
    return ""


def _propose_direction(draft: Draft, direction: Profile) -> None:
    """Propose the words of each direction; ask about unknown words and empty values."""
    draft.propose("columns.direction.name", name_of(direction), "")
    _propose_placeholders(draft, "direction", direction)
    counts, empty = direction.sound.counts, direction.sound.empty
    sides = _sides(direction)
    unknown = [value for value in counts if value.upper() not in sides]
    is_flag = bool(empty) and len({*sides.values()}) < len(_DIRECTIONS)
    shown = _kinds(direction) + (f", {EMPTY} {empty:,}" if empty else "")
    for side in _DIRECTIONS:
        key = f"columns.direction.{side}"
        known = sorted({value.upper() for value in counts if sides.get(value.upper()) == side})
        if known and not unknown:
            rows = sum(counts[value] for value in counts if value.upper() in known)
            draft.propose(key, known, f"in {rows:,} rows")
            continue
        opposite = _OPPOSITE.get(next(iter(sides), ""), "")
        if opposite and not unknown and not is_flag:
            draft.propose(key, [opposite], "none in the sample")
            continue
        options = (",".join(known),) if known else tuple(sorted(unknown)[:2])
        options += (EMPTY,) if is_flag else ()
        answer = draft.ask(key, options, f"which of its values are {side} ({shown})", is_free=True)
        if answer:
            draft.answered(key, _answered_words(answer))
    if empty and not is_flag:
        draft.propose("columns.direction.nullable", True, f"{empty:,} rows have none")


EMPTY = "empty"
"""The answer that an empty value means it, as if only credits are marked."""
_DIRECTIONS = ("spending", "income")
_OPPOSITE = {
    **{"DR": "CR", "CR": "DR", "DEBIT": "CREDIT", "CREDIT": "DEBIT", "SOLL": "HABEN"},
    **{"HABEN": "SOLL", "CARGO": "ABONO", "ABONO": "CARGO", "AF": "BIJ", "BIJ": "AF"},
    **{"S": "H", "H": "S", "D": "C", "C": "D"},
    **{"WITHDRAWAL": "DEPOSIT", "DEPOSIT": "WITHDRAWAL"},
}


def _propose_currency_column(draft: Draft, roles: Roles) -> None:
    profile = roles.found.get("currency")
    if profile is None:
        return
    draft.propose("columns.currency.name", name_of(profile), "codes of ISO 4217")
    if profile.sound.empty:
        draft.propose("columns.currency.nullable", True, f"{profile.sound.empty:,} rows have none")
    _propose_placeholders(draft, "currency", profile)
    if profile.sound.distinct > 1:
        _propose_rates(draft, profile)


def _propose_rates(draft: Draft, profile: Profile) -> None:
    """Ask for the rates of other currencies, once the bank's currency is known."""
    own = next((line.value for line in draft.settings if line.key == "currency"), OPEN)
    if own == OPEN:
        return
    others = {code: rows for code, rows in profile.sound.counts.items() if code.upper() != own}
    shown = ", ".join(f"{code} {rows:,}" for code, rows in others.items())
    key = "columns.currency.rates"
    answer = draft.ask(
        key,
        (f"{next(iter(others)).upper()}=1.25", NONE),
        f"how much {own} one unit of another currency is ({shown} rows); {NONE}: these rows are "
        "quarantined",
        is_free=True,
    )
    if answer and answer != NONE:
        draft.answered(key, _rates(answer))


def _rates(answer: str) -> dict[str, Decimal]:
    try:
        pairs = [pair.split("=") for pair in answer.split(",")]
        return {code.strip().upper(): Decimal(rate.strip()) for code, rate in pairs}
    except (ValueError, InvalidOperation) as error:
        raise AnswerError(
            f"columns.currency.rates is answered with {answer!r}; expected such as USD=1.25,EUR=1."
        ) from error


def _propose_status(draft: Draft, roles: Roles) -> None:
    profile = roles.found.get("status")
    if profile is None:
        return
    counts = profile.sound.counts
    shown = ", ".join(f"{label(word)} {rows:,}" for word, rows in counts.most_common(MOST_WORDS))
    drop = [value for value in counts if "".join(plain(value)) in UNSETTLED]
    listed = ", ".join(f'"{value}"' for value in drop or list(counts)[:1])
    draft.remark(
        "row_filters",
        f"{name_of(profile)!r} has the values {shown}. All are read. To leave rows out:\n"
        f'[[row_filters]]\ncolumn = "{name_of(profile)}"\ndrop = [{listed}]',
    )
