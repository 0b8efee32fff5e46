"""Detect the formats of the dates and times in a column."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain, combinations, product

from bankseg_assets.contracts.date_formats import DateFormat, ambiguity
from bankseg_assets.onboarding.columns import Column

FIRST_LOOK = 40
"""Values that every format is tried on; the rest only on those that read one of these."""
MOST_VALUES = 20_000
LEAST_SHARE = 0.98
"""Share of rows: if no format parses all, the others may be typing errors."""
FEW = 0.01
"""A smaller share of rows that decides between day and month may be typing errors."""
ENOUGH_ROWS = 200

_DAYS = (
    *(
        "yyyy-MM-dd",
        "yyyy-M-d",
        "yyyy/M/d",
        "yyyy.M.d",
        "yyyyMMdd",
        "ddMMyyyy",
        "MMddyyyy",
        "yyMMdd",
        "ddMMyy",
        "MMddyy",
    ),
    *(f"{a}{s}{b}{s}{y}" for s in "/.- " for a, b in ("dM", "Md") for y in ("yyyy", "yy")),
    *(f"yy{s}M{s}d" for s in "/.-"),
    *(
        f"d{a}MMM{b}{y}"
        for a, b in (("-", "-"), (" ", " "), ("/", "/"), (". ", " "), (".", "."))
        for y in ("yyyy", "yy")
    ),
    *(
        f"MMM{s}d{t}{y}"
        for s, t in ((" ", ", "), (" ", " "), ("-", "-"), ("/", "/"))
        for y in ("yyyy", "yy")
    ),
    *("ddMMMyyyy", "ddMMMyy"),
)
_CLOCKS = (
    "HH:mm:ss",
    "HH:mm",
    "H:mm:ss",
    "H:mm",
    "HH:mm:ss.SSS",
    "H:mm:ss.SSS",
    "h:mm:ss a",
    "h:mm a",
    "HH.mm.ss",
    "HH.mm",
    "H.mm",
    "HHmmss",
    "h:mm:ss.SSS a",
)
_BETWEEN = (" ", "T", ", ", " - ", "-")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{3}")
_PUNCTUATION = re.compile(r"[^\w]|T")
_ZONE = re.compile(r"(?:Z|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?|UTC|GMT)$", re.IGNORECASE)
_SPANISH = (
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
)
_GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
_FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
_ITALIAN = (
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
)
_DUTCH = "januari februari maart april mei juni juli augustus september oktober november december"
_PORTUGUESE = (
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
)
MONTHS = {
    "English": (),
    **{
        name: tuple(text.split())
        for name, text in {
            "German": _GERMAN,
            "German, short": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
            "French": _FRENCH,
            "French, short": "janv févr mars avr mai juin juil août sept oct nov déc",
            "Spanish": _SPANISH,
            "Spanish, short": "ene feb mar abr may jun jul ago sep oct nov dic",
            "Italian": _ITALIAN,
            "Italian, short": "gen feb mar apr mag giu lug ago set ott nov dic",
            "Dutch": _DUTCH,
            "Dutch, short": "jan feb mrt apr mei jun jul aug sep okt nov dec",
            "Portuguese": _PORTUGUESE,
            "Portuguese, short": "jan fev mar abr mai jun jul ago set out nov dez",
        }.items()
    },
}


@dataclass(frozen=True)
class Reading:
    """A format, and the number of rows that it parses."""

    format: str
    month_names: tuple[str, ...]
    rows: int
    earliest: datetime
    latest: datetime
    decisive: int = 0
    """Rows that the best other order of day and month does not read."""

    @property
    def form(self) -> DateFormat:
        """The format with its month names."""
        return DateFormat(self.format, self.month_names)

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """The format and month names, as a contract declares them."""
        return self.format, self.month_names


Choice = tuple[Reading, ...]
"""The formats of a column: several where each reads a part of the values."""


@dataclass(frozen=True)
class Dates:
    """The possible formats of a column: one choice, or several for the bank to decide."""

    choices: tuple[Choice, ...]
    rows: int
    """Rows that have a value."""
    why: str = ""
    """Where there are several."""

    @property
    def read(self) -> int:
        """The number of rows that the first choice parses."""
        return sum(one.rows for one in self.choices[0])


def find_dates(column: Column, *, until: date | None = None) -> Dates | None:
    """Return the date formats, with or without times, of a column; None if not dates.

    `until`: the last valid day.
    """
    return _find(column, "date", until)


def find_times(column: Column) -> Dates | None:
    """Return the time-of-day formats of a column; None if not times."""
    return _find(column, "time", None)


def _find(column: Column, what: str, until: date | None) -> Dates | None:
    counts = column.counts
    total = column.filled
    if not total or not any(map(_DIGITS.search, list(counts)[:FIRST_LOOK])):
        return None
    values = dict(counts.most_common(MOST_VALUES))
    total = sum(values.values())
    first = list(values)[: FIRST_LOOK // 2] + list(values)[-FIRST_LOOK // 2 :]
    readings = []
    for form in _likely(first, what):
        if form.text.startswith("yy") and form.has_two_digit_year and not _may_lead(first):
            continue
        if sum(form.read(value) is not None for value in first) < len(first) / 10:
            continue
        if reading := _read(form, values, until):
            readings.append(reading)
    readings = _without_weaker(readings)
    if not readings:
        return None
    most = max(one.rows for one in readings)
    best = [one for one in readings if one.rows == most]
    if most < total and (pairs := _pairs(readings, values, total)):
        return Dates(pairs, total, "" if len(pairs) == 1 else _why([pair[0] for pair in pairs]))
    if most < LEAST_SHARE * total:
        return None
    best = _equal_readings(best, values)
    if len(best) > 1:
        return Dates(tuple((one,) for one in best), total, _why(best))
    return _unless_decided_by_slips(best[0], readings, total)


def _may_lead(values: list[str]) -> bool:
    """Return whether the year may come first: it varies no more than the day."""
    parts = [found for value in values if len(found := _DIGITS.findall(value)) >= 3]  # noqa: PLR2004
    return len({part[0] for part in parts}) <= len({part[2] for part in parts})


def _unless_decided_by_slips(best: Reading, readings: Iterable[Reading], total: int) -> Dates:
    """Return the best reading, and the next if only a few rows contradict that."""
    others = [
        other
        for other in readings
        if _order(other.format) != _order(best.format) and not other.month_names
    ]
    if not others:
        return Dates(((best,),), total)
    other = max(others, key=lambda one: one.rows)
    decisive = best.rows - other.rows
    if total >= ENOUGH_ROWS and decisive < FEW * total:
        why = f"only {decisive:,} of {total:,} rows cannot be {other.format!r}: they may be errors"
        return Dates(((best,), (other,)), total, why)
    return Dates(((replace(best, decisive=decisive),),), total)


def _read(form: DateFormat, values: Mapping[str, int], until: date | None) -> Reading | None:
    rows = 0
    moments = []
    for value, count in values.items():
        moment = form.read(value)
        if moment is None or (until is not None and moment.date() > until):
            continue
        rows += count
        moments.append(moment)
    if not moments:
        return None
    return Reading(form.text, form.month_names, rows, min(moments), max(moments))


def _without_weaker(readings: list[Reading]) -> list[Reading]:
    """Drop variants of other readings: `H:mm` if `HH:mm` parses as many rows.

    The same for languages: keep the first of those that parse the same rows as the same days.
    """
    kept: dict[str, Reading] = {}
    for one in readings:  # the stricter come first
        loose = one.format.replace("HH", "H").replace(".SSS", "")
        loose = loose.replace("yyyy-MM-dd", "yyyy-M-d")
        key = f"{loose}|{one.rows}|{one.earliest}|{one.latest}" if "MMM" in loose else loose
        if key not in kept or one.rows > kept[key].rows:
            kept[key] = one
    return list(kept.values())


def _equal_readings(readings: list[Reading], values: Mapping[str, int]) -> list[Reading]:
    """Return the readings that parse some text differently."""
    kept: list[Reading] = []
    for one in readings:
        twins = [
            other
            for other in kept
            if all(one.form.read(value) == other.form.read(value) for value in values)
            and ambiguity((one.form, other.form)) is None
        ]
        if not twins:
            kept.append(one)
    return kept


def _pairs(readings: list[Reading], values: Mapping[str, int], total: int) -> tuple[Choice, ...]:
    """Return pairs of formats that together parse all rows, and no text in two ways."""
    found = []
    for pair in combinations(readings, 2):
        first, second = (one.form for one in pair)
        if len({one.month_names for one in pair if "MMM" in one.format}) > 1:
            continue
        rows = sum(
            count for value, count in values.items() if first.read(value) or second.read(value)
        )
        if rows == total and ambiguity((first, second)) is None:
            found.append(pair)
    return tuple(found)


def _why(readings: list[Reading]) -> str:
    if {_order(one.format) for one in readings} == {"dMy", "Mdy"}:
        return "no value has a day above 12"
    if len({one.month_names for one in readings}) > 1:
        return "the months of the sample are written alike in several languages"
    return "each of them reads all values of the sample"


def _order(text: str) -> str:
    letters = [token[0] for token in DateFormat(text).fields if token[0] in "dMy"]
    return "".join(dict.fromkeys(letters))


def _likely(values: list[str], what: str) -> tuple[DateFormat, ...]:
    """Return the formats whose punctuation occurs in the values."""
    zoned = [value for value in values if ":" in value and _ZONE.search(value)]
    bare = [_ZONE.sub("", value).strip() if zoned else value for value in values]
    marks = frozenset(_PUNCTUATION.findall(" ".join(map(_shape, bare))))
    zone = ""
    if zoned:
        zone = " XXX" if any(_ZONE.sub("", value).endswith(" ") for value in zoned) else "XXX"
    return _forms(what, marks, any(map(_WORD.search, bare)), zone)


def _shape(value: str) -> str:
    return value.replace("\u00a0", " ").replace("\u202f", " ")


@lru_cache
def _forms(what: str, marks: frozenset[str], has_words: bool, zone: str) -> tuple[DateFormat, ...]:
    texts: Iterable[str] = _CLOCKS
    if what == "date":
        zones = ("", zone) if zone else ("",)
        texts = chain(
            (*_DAYS, "yyyyMMddHHmmss"),
            (
                f"{day}{between}{clock}{zone}"
                for day, between, clock, zone in product(_DAYS, _BETWEEN, _CLOCKS, zones)
            ),
        )
    found = []
    for text in texts:
        bare = text.removesuffix("XXX").strip().removesuffix(".SSS")
        if not set(_PUNCTUATION.findall(bare)) <= marks:
            continue
        if "MMM" not in text:
            found.append(DateFormat(text))
        elif has_words:
            found += [DateFormat(text, names) for names in MONTHS.values()]
    return tuple(found)


def tomorrow() -> date:
    """Return tomorrow, the last valid transaction day of a file that arrives today."""
    return date.today() + timedelta(days=1)
