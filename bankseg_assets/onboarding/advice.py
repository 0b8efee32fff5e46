"""Suggest contract changes for each reason of quarantine."""

import re
from collections.abc import Iterable

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.id_words import ROUNDED
from bankseg_assets.onboarding.amounts import Amounts, find_amounts
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.dates import find_dates, find_times, tomorrow
from bankseg_assets.onboarding.draft import toml
from bankseg_assets.onboarding.value_words import is_placeholder

_GENERAL = {
    "wrong_number_of_fields": "These rows have more or fewer fields than the header. Look for a "
    "delimiter or a line break that is not quoted, or for a footer: `footer_lines` or "
    "`footer_starts_with` under [file].",
    "missing_transaction_id": "A transaction needs its ID. If the bank writes none, remove "
    "[columns.transaction_id].",
    "missing_customer_id": "A transaction needs its customer.",
    "implausible_transaction_date": "The day is before 1900, or before `minimum` under "
    "[columns.transaction_date]; or it is an epoch of January 1970, which is a zero or has another "
    "unit: see `format` there, or set a `minimum` if such days are valid.",
    "transaction_date_in_the_future": "The day is after tomorrow: day and month may be "
    "swapped; see `format` under [columns.transaction_date].",
    "conflicting_duplicate": "Rows with the same transaction ID differ in their values. If an ID "
    "is unique only per customer, day or file, set `unique_per` under [columns.transaction_id]; if "
    "the column is not an ID, remove the table.",
    "duplicate": "The row is repeated: one copy is kept.",
}


_NEVER_EMPTY = (
    *("transaction_id", "customer_id", "transaction_date", "amount"),
    *("quantity", "unit_price"),
)


def column_of(reason: str, contract: DeliveryContract) -> str:
    """Return our column that a reason concerns; empty for the whole row."""
    if reason == "invalid_direction" and "direction" not in contract.columns:
        return "amount"  # a word beside the amount gives the direction
    known = (
        *("transaction_date", "transaction_time", "transaction_id", "customer_id", "birth_date"),
        *("gender", "location", "balance", "amount", "debit", "credit", "direction", "quantity"),
        *("unit_price", "currency", "age"),
    )
    return next((name for name in known if name in reason), "")


def advise(reason: str, values: Iterable[str], contract: DeliveryContract) -> str:
    """Return advice for accepting quarantined rows; `values`: of the reason's column."""
    ours = column_of(reason, contract)
    rule = contract.columns.get(ours)
    if ours == "amount" and rule is None:
        ours = "debit" if "debit" in contract.columns else "unit_price"
        rule = contract.columns.get(ours)
    if reason in _GENERAL or rule is None:
        return _GENERAL.get(reason, "docs/reference/contract.md describes every setting.")
    texts = [value.strip(INVISIBLE) for value in values]
    column = Column(rule.name, tuple(texts))
    place = f"under {contract.column_table(ours)}"
    if not column.filled:
        return _on_empty(ours, place)
    if all(is_placeholder(value) for value in column.counts):
        return _on_placeholders(ours, rule, list(column.counts), place)
    return _on_values(reason, ours, rule, column, contract)


def _on_empty(ours: str, place: str) -> str:
    if ours in _NEVER_EMPTY:
        return "The value is empty, but required."
    return f"The value is empty: set `nullable = true` {place} if it may be."


def _on_placeholders(ours: str, rule: ColumnRule, found: list[str], place: str) -> str:
    if ours in _NEVER_EMPTY:
        return 'The values mean "empty", but a value is required.'
    missing = [value for value in found if value not in rule.placeholders]
    settings = []
    if missing:
        settings.append(f"`placeholders = {toml([*rule.placeholders, *missing])}`")
    if not rule.nullable and ours not in ("debit", "credit"):  # one of these two is empty
        settings.append("`nullable = true`")
    return f"Set {' and '.join(settings) or '`placeholders`'} {place}."


def _on_values(
    reason: str, ours: str, rule: ColumnRule, column: Column, contract: DeliveryContract
) -> str:
    place = f"under {contract.column_table(ours)}"
    if reason == "invalid_direction" and ours == "amount":
        if rule.negative:
            return f"Sign and word do not agree, or there is no word; see `negative` {place}."
        return (
            f'These amounts have no word beside them: add "" to `spending` or `income` {place} if '
            "that means a direction."
        )
    if reason.endswith("with_too_many_decimals"):
        found = "Set `currency_decimals` (at the top) if the currency has more decimals."
    elif reason.endswith("in_other_currency"):
        found = (
            "Set `currency_symbols` (at the top) if this is the contract's currency, or name the "
            "column of the currency in [columns.currency]."
        )
        if "currency" in contract.columns:
            found = "Set a rate in `rates` under [columns.currency], or filter the rows out."
    elif ours in ("transaction_date", "birth_date"):
        found = _on_dates(ours, rule, column, place)
    elif ours == "transaction_time":
        times = find_times(column)
        form = f"Set `format = {toml(times.choices[0][0].format)}`" if times else "See `format`"
        found = f"{form} {place}."
    elif ours in ("balance", "amount", "debit", "credit", "quantity", "unit_price"):
        found = _on_money(ours, rule, column, place)
    elif ours in ("gender", "direction", "currency"):
        kinds = {"gender": "`values`", "direction": "`spending` or `income`", "currency": "`rates`"}
        found = f"Add these values to {kinds[ours]} {place}, or to `placeholders`."
    elif rule.pattern:
        found = f"The values do not match `pattern` {place}: correct or remove it."
    elif any(re.fullmatch(ROUNDED, value) for value in column.counts):
        found = "A spreadsheet has rounded these IDs: ask the bank to send them as text."
    else:
        found = f"See {contract.column_table(ours)} in docs/reference/contract.md."
    return found


def _on_dates(ours: str, rule: ColumnRule, column: Column, place: str) -> str:
    found = find_dates(column, until=tomorrow() if ours == "transaction_date" else None)
    declared = rule.formats or (rule.format,)
    forms = [choice[0].format for choice in found.choices] if found else []
    forms = [form for form in forms if form not in declared]
    if not forms:
        shown = " or ".join(map(toml, declared))
        return f"The values do not have the format {shown} {place}, or are not valid days."
    if len(forms) > 1:
        return (
            f"Ask the bank which format it is, {' or '.join(map(toml, forms))}, and set it {place}."
        )
    return (
        f"Set `format = {toml(forms[0])}` {place}; or, if both occur, "
        f"`formats = {toml([*declared, forms[0]])}`."
    )


def _on_words(ours: str, rule: ColumnRule, amounts: Amounts, place: str) -> str:
    """Return advice on words beside numbers; empty if they are not the cause."""
    if amounts.negatives and rule.words and not rule.negative:
        return (
            f"Amounts have a sign although words give the direction {place}: ask the bank whether "
            "they are reversals."
        )
    unknown = sorted({*amounts.words} - {*rule.words})
    if not unknown:
        return ""
    if ours not in ("amount", "balance"):
        return ""
    shown = " or ".join(map(toml, unknown))
    # Only known words are shown, never a customer's value.
    keys = _word_keys(ours)
    return f"Add the words beside the numbers, such as {shown}, to {keys} {place}."


def _word_keys(ours: str) -> str:
    if ours == "amount":
        return "`spending` and `income`"
    return "`negative_words` and `positive_words`"


def _on_money(ours: str, rule: ColumnRule, column: Column, place: str) -> str:
    amounts = find_amounts(column)
    if amounts and (found := _on_words(ours, rule, amounts, place)):
        return found
    declared = (rule.decimal_separator, rule.thousands_separator)
    if amounts and len(amounts.styles) == 1:
        style = amounts.style
        if (style.decimal, style.thousands) != declared and (style.fractions or style.grouped):
            settings = f"`decimal_separator = {toml(style.decimal)}`"
            if style.thousands:
                settings += f" and `thousands_separator = {toml(style.thousands)}`"
            return f"Set {settings} {place}."
    if amounts and len(amounts.styles) > 1:
        return f"Set the separator: `thousands_separator` or `decimal_separator` {place}."
    if rule.words:
        return (
            f"The sign or word beside these values, or its absence, is not in {_word_keys(ours)} "
            f"{place}; or they are not amounts."
        )
    if rule.minimum is not None or rule.maximum is not None:
        return f"The values are outside `minimum` and `maximum` {place}, or not amounts."
    where = place.removeprefix("under ")
    return f"The values are not amounts; see {where} in docs/reference/contract.md."
