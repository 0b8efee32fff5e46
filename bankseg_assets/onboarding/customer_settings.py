"""Propose settings for customer and transaction IDs, gender, location and age."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.draft import NONE, Draft
from bankseg_assets.onboarding.header_words import plain
from bankseg_assets.onboarding.masking import masked
from bankseg_assets.onboarding.roles import FEW_KINDS, Profile, Roles, gender_known
from bankseg_assets.onboarding.text_tables import MOST_ROWS
from bankseg_assets.onboarding.value_words import FEMALE, GENDER_PAIRS, MALE, OTHER_GENDERS

SLIPS = 0.02
MOST_OPTIONS = 8
EVERYWHERE = "everywhere"


def name_of(profile: Profile) -> str:
    """Return a header's name as one line, for the contract."""
    return " ".join(profile.name.split())


def examples(profile: Profile) -> str:
    """Return the most frequent shapes of a column's values."""
    shapes: Counter[str] = Counter()
    for value, count in list(profile.sound.counts.items())[:2000]:
        shapes[masked(value)] += count
    shown = " or ".join(shape for shape, _ in shapes.most_common(2))
    return f"such as {shown}" if shown else "all empty"


def choose(draft: Draft, roles: Roles, role: str, why: str, rest: list[Profile]) -> Profile | None:
    """Ask which column has a role; return None until answered, or if none has it."""
    tied = roles.ties.get(role, [])
    options = [name_of(one) for one in tied or rest][:MOST_OPTIONS]
    if role not in ("customer_id", "transaction_date", "amount"):
        options.append(NONE)
    draft.ask(f"columns.{role}.name", options, why, is_free=True)
    return None


def propose_customer(draft: Draft, roles: Roles) -> None:
    """Propose [columns.customer_id] and [columns.transaction_id]."""
    _propose_transaction_id(draft, roles)
    profile = roles.found.get("customer_id")
    if profile is None:
        tied = "customer_id" in roles.ties
        rest = [one for one in roles.rest if _may_be_customer(one)]
        why = (
            "more than one column may be the customer's"
            if tied
            else "no header's name says which column is the customer's"
        )
        choose(draft, roles, "customer_id", why, rest or roles.rest)
        return
    column = profile.sound
    if column.empty > SLIPS * column.rows and "columns.customer_id.name" not in draft.answers:
        why = f"{column.empty:,} of {column.rows:,} rows have no value in {name_of(profile)!r}"
        choose(draft, roles, "customer_id", why, [profile, *roles.rest])
        return
    draft.propose(
        "columns.customer_id.name",
        name_of(profile),
        f"{column.distinct:,} customers in {column.filled:,} rows, {examples(profile)}",
    )
    _propose_placeholders(draft, "customer_id", profile.placeholders, profile)


def _may_be_customer(profile: Profile) -> bool:
    column = profile.sound
    has_fractions = bool(profile.amounts and profile.amounts.style.fractions)
    return not profile.dates and not has_fractions and column.filled > column.rows / 2


def _propose_transaction_id(draft: Draft, roles: Roles) -> None:
    key = "columns.transaction_id"
    if draft.answers.get(f"{key}.name") == NONE:
        draft.used.add(f"{key}.name")
        draft.remark("columns", "No transaction ID: a row's whole content identifies it.")
        return
    profile = roles.found.get("transaction_id")
    if profile is None and "transaction_id" in roles.ties:
        choose(draft, roles, "transaction_id", "more than one column may be the transaction's", [])
        return
    if profile is None:
        unique = [
            one
            for one in roles.rest
            if _may_be_customer(one) and not one.sound.repeats and not one.sound.empty
        ]
        if unique:
            why = "its values are all different, and its name is not known"
            choose(draft, roles, "transaction_id", why, unique)
        else:
            draft.remark(
                "columns",
                "No transaction ID: none of the columns is one. A row's whole content identifies "
                "its transaction.",
            )
        return
    column = profile.sound
    scope, why = _scope(profile, roles)
    if column.empty > SLIPS * column.rows:
        scope, why = (), f"{column.empty:,} of {column.rows:,} rows have none"
    named = f"{column.distinct:,} different values in {column.filled:,} rows, {examples(profile)}"
    if not scope:
        options = (name_of(profile), NONE)
        draft.ask(
            f"{key}.name", options, f"{named}: {why}; {NONE!r} if it is not an ID", is_free=True
        )
        return
    per = f"{key}.unique_per"
    if scope == ("",) and _counts_rows(column):
        scope = (EVERYWHERE, "file")
        why = f"they are row numbers; {EVERYWHERE}: no other file repeats them"
    if len(scope) > 1:
        answer = draft.ask(per, (*scope, NONE), f"{why} ({NONE}: the column is not an ID)")
        if answer == NONE:
            draft.remark("columns", "No transaction ID: a row's whole content identifies it.")
            return
        if answer and answer != EVERYWHERE:
            draft.answered(per, answer)
    draft.propose(f"{key}.name", name_of(profile), named)
    _propose_placeholders(draft, "transaction_id", profile.placeholders, profile)
    if scope not in (("",), ()) and len(scope) == 1:
        draft.propose(per, scope[0], why)


def _counts_rows(column: Column) -> bool:
    """Return whether the values are 1, 2, 3 and so on, which may restart in the next file."""
    values = [value for value in column.values if value]
    if not all(value.isascii() and value.isdigit() for value in values):
        return False
    numbers = list(map(int, values))
    steps = {after - before for before, after in pairwise(numbers)}
    is_sampled = len(numbers) > MOST_ROWS / 2  # then only a part of the rows is present
    return numbers[0] <= 1 and len(steps) == 1 and (steps == {1} or is_sampled)


def _scope(profile: Profile, roles: Roles) -> tuple[tuple[str, ...], str]:
    """Return the scope in which an ID is unique: everywhere (""), one of several, or none."""
    ids = profile.sound.values
    others = {
        "customer": roles.found.get("customer_id"),
        "day": roles.found.get("transaction_date"),
    }
    rows = [
        one.column.values
        for role, one in roles.found.items()
        if role not in ("transaction_id", "balance")
    ]
    contents = list(zip(ids, *rows, strict=True)) if rows else [(one,) for one in ids]
    seen = {content for content in contents if content[0]}
    repeats = len(seen) - len({content[0] for content in seen})
    if repeats <= SLIPS * len(seen):
        return ("",), ""
    scopes = []
    for scope, other in others.items():
        if other is None:
            continue
        scoped = _scoped(scope, other)
        of_scope = {(one[0], where) for one, where in zip(contents, scoped, strict=True) if one[0]}
        if len(seen) - len(of_scope) <= SLIPS * len(seen):
            scopes.append(scope)
    fixed = profile.name == getattr(roles.found.get("transaction_id"), "name", None)
    if scopes and fixed:
        return tuple(scopes), f"{repeats:,} rows have the ID of another one"
    return (), f"{repeats:,} rows have the ID of another one, also of the same customer and day"


def _scoped(scope: str, other: Profile) -> list[str]:
    """Return the scope's value of each row: for a day, the text without its time."""
    if scope == "customer":
        return list(other.column.values)
    return [value.replace("T", " ").split(" ")[0] for value in other.column.values]


def _propose_placeholders(
    draft: Draft, role: str, placeholders: tuple[str, ...], profile: Profile
) -> None:
    if placeholders:
        count = sum(profile.column.counts[value] for value in placeholders)
        draft.propose(f"columns.{role}.placeholders", list(placeholders), f"in {count:,} rows")


def propose_people(draft: Draft, roles: Roles) -> None:
    """Propose [columns.gender], [columns.location] and [columns.age], if there are any."""
    if profile := roles.found.get("gender"):
        _propose_gender(draft, profile)
    for role in ("gender", "location"):
        if role in roles.ties:
            choose(draft, roles, role, f"more than one column may be the {role}", [])
    if profile := roles.found.get("location"):
        draft.propose(
            "columns.location.name",
            name_of(profile),
            f"{profile.column.distinct:,} different places",
        )
        _propose_nullable(draft, "location", profile)
        _propose_placeholders(draft, "location", profile.placeholders, profile)
    if (profile := roles.found.get("age")) and "birth_date" not in roles.found:
        draft.propose("columns.age.name", name_of(profile), "whole years")
        _propose_nullable(draft, "age", profile)
        _propose_placeholders(draft, "age", profile.placeholders, profile)


def _propose_nullable(draft: Draft, role: str, profile: Profile) -> None:
    empty = profile.sound.empty
    draft.propose(
        f"columns.{role}.nullable", True, f"{empty:,} of {profile.column.rows:,} rows have none"
    )


def _propose_gender(draft: Draft, profile: Profile) -> None:
    draft.propose("columns.gender.name", name_of(profile), "")
    _propose_nullable(draft, "gender", profile)
    _propose_placeholders(draft, "gender", profile.placeholders, profile)
    counts = Counter({value.lower(): 0 for value in profile.sound.counts})
    for value, count in profile.sound.counts.items():
        counts[value.lower()] += count
    key = "columns.gender.values"
    meanings = {value: _gender(value, set(counts)) for value in counts}
    if not counts or len(counts) > FEW_KINDS:
        return
    rows = ", ".join(f"{value} {count:,}" for value, count in counts.most_common())
    if None in meanings.values():
        if answer := draft.ask(
            key,
            tuple(f"{value}=F" for value in counts)[:2],
            f"which of the values is which gender ({rows}); answer such as a=F,b=M",
            is_free=True,
        ):
            pairs = dict(pair.split("=", 1) for pair in answer.split(",") if "=" in pair)
            draft.answered(key, {k.strip(): v.strip() for k, v in pairs.items()})
        return
    meanings |= _counterpart(meanings)
    same = all(value.upper() == meaning for value, meaning in meanings.items())
    draft.propose(key, sorted(m for m in meanings.values() if m) if same else meanings, rows)


def _counterpart(meanings: Mapping[str, str | None]) -> dict[str, str]:
    """Return the other gender's word, if a small sample has only one of the two."""
    found: dict[str, str] = {}
    for female, male in GENDER_PAIRS:
        if (female in meanings) != (male in meanings) and len(
            {*meanings.values()} & {"F", "M"}
        ) == 1:
            found = found or {female: "F", male: "M"}
    return {value: gender for value, gender in found.items() if value not in meanings}


def _gender(value: str, values: set[str]) -> str | None:
    """Return the published gender of a value; None if the values do not determine it."""
    key = "".join(plain(value))
    letters = {"".join(plain(one)) for one in values}
    if "h" in letters:  # hombre and mujer, or homme and femme
        return {"h": "M", "m": "F", "f": "F"}.get(key, OTHER_GENDERS.get(key))
    if key == "m" and "v" in letters:  # of varón and mujer, or of man and vrouw
        return None
    if key in FEMALE | MALE:
        return "F" if key in FEMALE else "M"
    if key in OTHER_GENDERS:
        return OTHER_GENDERS[key]
    is_letter = len(key) == 1 and key.isalpha() and any(map(gender_known, values))
    return key.upper() if is_letter and "v" not in letters else None
