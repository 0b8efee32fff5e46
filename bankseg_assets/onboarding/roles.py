"""Assign a file's columns to our columns, by header words and by values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bankseg_assets.contracts.currencies import CODES
from bankseg_assets.onboarding.amounts import Amounts, find_amounts
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.dates import Dates, find_dates, find_times, tomorrow
from bankseg_assets.onboarding.header_words import plain, roles_of
from bankseg_assets.onboarding.value_words import (
    FEMALE,
    LETTER_PAIRS,
    MALE,
    PLACEHOLDER_DATES,
    RARE_PAIRS,
    STATES,
    direction_of,
    is_placeholder,
)

ROLES = (
    *("customer_id", "transaction_id", "transaction_date", "transaction_time", "debit", "credit"),
    *("amount", "direction", "balance", "birth_date", "gender", "location", "currency", "age"),
    *("status", "quantity", "unit_price", "day", "month", "year"),
)
FEW_KINDS = 25
MOST_SIDES = 8
TIME_DIGITS = 6
MOST_DAYS, MOST_MONTHS = 31, 12
MOST_AGE = 120
EPOCH_DIGITS = {10: "epoch_seconds", 13: "epoch_milliseconds", 16: "epoch_microseconds"}
EXCEL_DAYS = (25_000, 60_000)
"""1968 to 2064."""


@dataclass(frozen=True)
class Profile:
    """A column with cached properties of its values."""

    column: Column

    @property
    def name(self) -> str:
        """The header's name."""
        return self.column.name

    @cached_property
    def placeholders(self) -> tuple[str, ...]:
        """The placeholder values, as written."""
        return tuple(value for value in self.column.counts if is_placeholder(value))

    @cached_property
    def date_placeholders(self) -> tuple[str, ...]:
        """The placeholder values, with placeholder dates."""
        days = (value for value in self.column.counts if value in PLACEHOLDER_DATES)
        return (*self.placeholders, *days)

    @cached_property
    def sound(self) -> Column:
        """The column with empty values for placeholders."""
        return self.column.without(self.placeholders)

    @cached_property
    def dates(self) -> Dates | None:
        """The date formats for past dates, if any."""
        return find_dates(self.column.without(self.date_placeholders), until=tomorrow())

    @cached_property
    def births(self) -> Dates | None:
        """The date formats for birth dates; a two-digit year may be of any century."""
        return find_dates(self.column.without(self.date_placeholders))

    @cached_property
    def times(self) -> Dates | None:
        """The time-of-day formats, if any."""
        return find_times(self.sound)

    @cached_property
    def amounts(self) -> Amounts | None:
        """The number styles, if any."""
        return find_amounts(self.sound)

    @cached_property
    def numbers(self) -> str:
        """The format of days written as numbers, an epoch or Excel's; else empty."""
        values = list(self.sound.counts)
        if not values or not all(value.replace(".", "", 1).isdigit() for value in values):
            return ""
        lengths = {len(value) for value in values}
        if len(lengths) == 1 and (found := EPOCH_DIGITS.get(lengths.pop())):
            return found
        if all(EXCEL_DAYS[0] <= float(value) <= EXCEL_DAYS[1] for value in values):
            is_whole = all(float(value).is_integer() for value in values)
            return "excel_serial_day" if is_whole else "excel_serial"
        return ""

    @property
    def is_date(self) -> bool:
        """Whether a column with a date's name may hold dates."""
        return bool(self.dates or self.numbers) or self.column.kind.startswith(
            ("timestamp", "date")
        )

    @property
    def is_time(self) -> bool:
        """Whether the column may hold times of day."""
        values = list(self.sound.counts)
        digits = all(value.isdigit() and len(value) <= TIME_DIGITS for value in values)
        return bool(values) and (bool(self.times) or digits)

    @property
    def is_words(self) -> bool:
        """Whether the values are words, neither dates nor numbers."""
        return bool(self.sound.filled) and not self.amounts and not self.dates

    def all_of(self, test: Callable[[str], object], share: float = 1.0) -> bool:
        """Return whether a test holds for all values, or for a share of the rows."""
        counts = self.sound.counts
        good = sum(count for value, count in counts.items() if test(value))
        return bool(counts) and good >= share * counts.total()


def direction_letters(column: Column) -> tuple[str, str] | None:
    """Return the letters of spending and income, if a column holds a known pair."""
    letters = {"".join(plain(value)): value for value in column.counts}
    pair = LETTER_PAIRS.get(frozenset(letters))
    if pair in RARE_PAIRS and not RARE_PAIRS[pair] & {*plain(column.name)}:
        return None
    return (letters[pair[0]], letters[pair[1]]) if pair else None


def _is_direction(profile: Profile) -> bool:
    column = profile.sound
    if not 1 <= column.distinct <= FEW_KINDS:
        return False
    if direction_letters(column) is not None or any(map(direction_of, column.counts)):
        return True
    # Unknown words may mean a direction, too: then the bank is asked.
    kinds = column.distinct + bool(column.empty)
    has_kinds = 2 <= kinds <= MOST_SIDES and column.repeats >= column.distinct  # noqa: PLR2004
    return has_kinds and profile.is_words


def _is_id(profile: Profile) -> bool:
    has_fractions = bool(profile.amounts and profile.amounts.style.most_decimals)
    is_day = bool(profile.dates) and not profile.amounts
    return bool(profile.sound.filled) and not has_fractions and not is_day


_FITS: dict[str, Callable[[Profile], bool]] = {
    "customer_id": _is_id,
    "transaction_id": _is_id,
    "transaction_date": lambda p: p.is_date,
    "birth_date": lambda p: p.is_date or bool(p.births) or not p.column.filled,
    "transaction_time": lambda p: p.is_time,
    "direction": _is_direction,
    "gender": lambda p: (
        p.sound.distinct <= FEW_KINDS
        and (p.all_of(lambda v: len(v) == 1) or any(gender_known(v) for v in p.sound.counts))
    ),
    "location": lambda p: p.is_words or not p.sound.filled or bool(p.amounts),
    "currency": lambda p: p.all_of(lambda value: value.upper() in CODES),
    "age": lambda p: p.all_of(_is_age, 0.98),
    "status": lambda p: (
        0 < p.sound.distinct <= FEW_KINDS
        and any("".join(plain(value)) in STATES for value in p.sound.counts)
    ),
    "day": lambda p: p.all_of(lambda value: value.isdigit() and 1 <= int(value) <= MOST_DAYS),
    "month": lambda p: p.all_of(
        lambda value: not value.isdigit() or 1 <= int(value) <= MOST_MONTHS
    ),
    "year": lambda p: p.all_of(lambda value: value.isdigit() and len(value) in (2, 4)),
    **dict.fromkeys(
        ("amount", "debit", "credit", "balance", "quantity", "unit_price"),
        lambda p: bool(p.amounts) or not p.sound.filled,
    ),
}


def _is_age(value: str) -> bool:
    whole, _, fraction = value.partition(".")  # 35.0 comes from a float column
    return whole.isdigit() and int(whole) <= MOST_AGE and not fraction.strip("0")


def gender_known(value: str) -> bool:
    """Return whether a value is a word or letter for a gender."""
    return "".join(plain(value)) in FEMALE | MALE


@dataclass
class Roles:
    """Our column -> the file's; the remaining columns, and the ambiguous ones."""

    found: dict[str, Profile] = field(default_factory=dict)
    ties: dict[str, list[Profile]] = field(default_factory=dict)
    rest: list[Profile] = field(default_factory=list)


def assign(profiles: Iterable[Profile], fixed: Mapping[str, str]) -> Roles:
    """Assign a column to each role, the clearest names first.

    `fixed`: role -> the header's name, as answered.
    """
    roles = Roles(rest=list(profiles))
    for role, name in fixed.items():
        for profile in roles.rest:
            if profile.name == name:
                roles.found[role] = profile
                roles.rest.remove(profile)
                break
    ranked: dict[tuple[int, str], list[Profile]] = {}
    for profile in roles.rest:
        for role, rank in roles_of(profile.name).items():
            if role not in roles.found and _FITS[role](profile):
                ranked.setdefault((rank, role), []).append(profile)
    for rank, role in sorted(ranked, key=lambda key: (key[0], ROLES.index(key[1]))):
        free = [one for one in ranked[rank, role] if one in roles.rest]
        free = [one for one in free if one.sound.filled] or free
        if not free or role in roles.found or role in roles.ties or role in fixed:
            continue
        if len(free) > 1:
            roles.ties[role] = free
        else:
            roles.found[role] = free[0]
            roles.rest.remove(free[0])
    return roles
