"""Date and time formats of contracts, compiled to regular expressions.

Python and Spark's Java run the same expression, so what is validated when a contract is loaded is
what cleaning does. Epochs and Excel's day numbers are not patterns.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import permutations, product

EPOCHS = {"epoch_seconds": 11, "epoch_milliseconds": 14, "epoch_microseconds": 17}
"""Format -> most digits, so that no value is later than year 5138."""
EXCEL_MOMENT, EXCEL_DAY = "excel_serial", "excel_serial_day"
NUMBERS = (*EPOCHS, EXCEL_MOMENT, EXCEL_DAY)
_NUMBERS_OF: dict[str, tuple[str, ...]] = {
    "transaction_date": NUMBERS,
    "birth_date": (EXCEL_DAY,),  # no epochs: the time zone of their midnight is never documented
    "transaction_time": (),
}
_EXAMPLES = {"transaction_date": "d/M/yy", "birth_date": "d/M/yy", "transaction_time": "HH:mm"}
ENGLISH = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
NOON = 12

# Longest first: the first match is the token.
_TOKEN = re.compile(
    r"yyyy|yy|MMMM|MMM|MM|M|dd|d|HH|H|hh|h|mm|ss|S{1,9}|a|XXX|T|''|'[^']+'|[^A-Za-z']"
)
_FIELDS = {
    "yyyy": "(?!0000)[0-9]{4}",
    "yy": "[0-9]{2}",
    "MM": "0[1-9]|1[0-2]",
    "M": "0?[1-9]|1[0-2]",
    "dd": "0[1-9]|[12][0-9]|3[01]",
    "d": "0?[1-9]|[12][0-9]|3[01]",
    "HH": "[01][0-9]|2[0-3]",
    "H": "[01]?[0-9]|2[0-3]",
    "hh": "0[1-9]|1[0-2]",
    "h": "0?[1-9]|1[0-2]",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
    "a": "[AP]",
    "XXX": "Z|(?:UTC|GMT)?[+-][0-9]{2}(?::?[0-9]{2})?|UTC|GMT",
}
_REST = {"a": "[.]?[ \u00a0\u202f]?M[.]?"}
"""The optional remainder of a field, after its significant part."""
_VARIABLE = ("M", "d", "H", "h")
_PLAIN = ("yyyy", "yy", "MM", "M", "dd", "d", "HH", "mm", "ss")
_SPACE = "[ \u00a0\u202f]"  # JDK 20 and Chrome write a narrow no-break space before AM and PM
_TIMES = frozenset(
    "".join(sorted(clock + rest)) for clock, rest in product(("Hm", "ahm"), ("", "s", "Ss"))
)  # the letters of a time of day, sorted
_DAY = "Mdy"
_ZONED = "X"
_CLOCK = ((1, 2, 3), (10, 11, 12), (0, 0, 0), (13, 5, 9), (23, 45, 59))


@dataclass(frozen=True)
class DateFormat:
    """A pattern in Java's letters; `month_names`: January to December, as the bank writes them."""

    text: str
    month_names: tuple[str, ...] = ()

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The parts of the pattern, without anything that is not a token."""
        return tuple(_TOKEN.findall(self.text))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The tokens that hold a value, in the order of the expression's groups."""
        return tuple(token for token in self.tokens if _is_field(token))

    @property
    def letters(self) -> str:
        """One letter per field, sorted: the fields of a value."""
        return "".join(sorted(token[0] for token in self.fields))

    @property
    def is_plain(self) -> bool:
        """Whether Spark's own parser accepts the pattern unchanged."""
        understood = all(token in _PLAIN or not token.isalpha() for token in self.tokens)
        return understood and not set(self.tokens) & {*"#{}[]", "''"}

    @property
    def has_time(self) -> bool:
        """Whether a value includes the time of day."""
        return self.text in EPOCHS or self.text == EXCEL_MOMENT or "m" in self.letters

    @property
    def has_two_digit_year(self) -> bool:
        """Whether a year in this format leaves the century open."""
        return self.text not in NUMBERS and "yy" in self.fields

    @property
    def needs_time_zone(self) -> bool:
        """Whether a value is an instant, whose day depends on the bank's time zone."""
        return self.text in EPOCHS or _ZONED in self.letters

    @cached_property
    def months(self) -> Mapping[str, int]:
        """Lower-case month name -> number."""
        names = {name.lower(): number for number, name in enumerate(self.month_names, 1)}
        if self.month_names:
            return names
        full = {name.lower(): number for number, name in enumerate(ENGLISH, 1)}
        return full | {name[:3]: number for name, number in full.items()} | {"sept": 9}

    @cached_property
    def expression(self) -> str:
        """The expression for a whole value, case-insensitive, with one group per field."""
        parts: list[str] = []
        for before, token, following in zip(
            ("", *self.tokens), self.tokens, (*self.tokens[1:], ""), strict=False
        ):
            if token.startswith("S") and _is_field(before):
                parts.append(f"([0-9]{{{len(token)}}})")  # without a point, as in HHmmssSSS
            elif token.startswith("S"):
                # Programs that write a point and a fraction omit both if the fraction is zero.
                parts.append(f"(?:{parts.pop()}([0-9]{{1,9}}))?")
            elif token in ("MMM", "MMMM"):
                names = "|".join(map(re.escape, sorted(self.months, key=len, reverse=True)))
                parts.append(f"({names})[.]?")
            elif token == "yyyy" and "XXX" in self.tokens:
                # An offset would lead to years outside Python's date range.
                parts.append("((?!0001|9999|0000)[0-9]{4})")
            elif _is_field(token):
                parts.append(f"({_FIELDS[token]}){_REST.get(token, '')}")
            elif token == " ":
                parts.append(_SPACE + ("*" if following in ("a", "XXX") else "+"))
            else:
                parts.append(re.escape(_literal(token)))
        return "".join(parts)

    @property
    def spark_pattern(self) -> str:
        """The expression for `rlike`, on the whole value, case-insensitive."""
        return rf"(?iu)\A{self.expression}\z"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.expression, re.IGNORECASE)

    def read(self, text: str) -> datetime | None:
        """Parse a text, ignoring its offset; None if it does not have this format."""
        found = self._compiled.fullmatch(text)
        if found is None:
            return None
        said = {field[0]: value for field, value in zip(self.fields, found.groups(), strict=True)}
        names = [field for field in self.fields if field in ("MMM", "MMMM")]
        month = self.months[said["M"].lower()] if names else int(said.get("M", 1))
        hour = int(said.get("H", said.get("h", 0)))
        if "a" in said:
            hour = hour % NOON + NOON * (said["a"][0] in "pP")
        year = int(said.get("y", 2000))
        try:
            return datetime(
                year + 2000 * ("yy" in self.fields),
                *(month, int(said.get("d", 1)), hour, int(said.get("m", 0))),
                int(said.get("s", 0)),
            )
        except ValueError:
            return None

    def write(self, moment: datetime, *, padded: bool, full_names: bool = False) -> str:
        """Return a text that this format parses as `moment`, with or without leading zeros."""
        return "".join(
            _written(token, moment, self, padded=padded, full_names=full_names)
            for token in self.tokens
        )


def problem(text: str, column: str) -> str:
    """Return what a column's format must be if this one cannot be used; else empty."""
    if text in _NUMBERS_OF[column]:
        return ""
    form = DateFormat(text)
    day = {_DAY}
    moments = {"".join(sorted(_DAY + time)) for time in _TIMES}
    zoned = {"".join(sorted(moment + _ZONED)) for moment in moments}
    allowed = {
        "transaction_time": _TIMES,
        "birth_date": day,
        "transaction_date": day | moments | zoned,
    }
    if "'Z'" in form.tokens:
        return "XXX in place of 'Z', which is the offset of UTC, and the contract's time_zone"
    if "".join(form.tokens) != text or form.letters not in allowed[column]:
        return (
            "a pattern of yyyy yy MMM MM M dd d HH H hh h mm ss SSS a XXX, such as "
            + " or ".join((_EXAMPLES[column], *_NUMBERS_OF[column]))
        )
    if _runs_together(form):
        return "a character between parts of one or two digits, such as d/M/yyyy"
    if "XXX" in form.fields and form.tokens[-1] != "XXX":
        return "the offset XXX at the end"
    return ""


@lru_cache
def ambiguity(formats: tuple[DateFormat, ...]) -> tuple[str, datetime, datetime] | None:
    """Return a text that two formats parse differently, with both moments; None if none.

    Writes every day and month, with and without leading zeros, and years and times that can be
    confused with days and months or with each other, in one format, and parses them in every other.
    """
    for writer, reader in permutations(formats, 2):
        for text, moment in _samples(writer):
            found = reader.read(text)
            if found is not None and found != moment:
                return text, moment, found
    return None


def _samples(form: DateFormat) -> Iterator[tuple[str, datetime]]:
    letters = form.letters
    years = (2001, 2010, 2012, 2031) if "y" in letters else (2000,)
    days = tuple(product(range(1, 13), range(1, 32))) if "d" in letters else ((1, 1),)
    days_and_times = [(day, _CLOCK[0]) for day in days]
    if "m" in letters:
        days_and_times += [(day, time) for day in ((1, 2), (10, 12), (11, 10)) for time in _CLOCK]
    for year, (day, (hour, minute, second)) in product(years, days_and_times):
        time = (hour, minute, second if "s" in letters else 0) if "m" in letters else ()
        try:
            moment = datetime(year, *day, *time)
        except ValueError:
            continue  # no such day
        for padded, full_names in product((False, True), (False, True)[: 1 + ("MMM" in form.text)]):
            yield form.write(moment, padded=padded, full_names=full_names), moment


def _written(
    token: str, moment: datetime, form: DateFormat, *, padded: bool, full_names: bool
) -> str:
    if not _is_field(token):
        return _literal(token)
    if token in ("MMM", "MMMM"):
        names = [name for name, number in form.months.items() if number == moment.month]
        return names[0] if full_names else names[-1]
    values: dict[str, int | str] = {
        "yyyy": f"{moment.year:04d}",
        "yy": f"{moment.year % 100:02d}",
        "M": moment.month,
        "d": moment.day,
        "H": moment.hour,
        "h": (moment.hour - 1) % NOON + 1,
        "m": moment.minute,
        "s": moment.second,
        "S": "0" * len(token),
        "a": "PM" if moment.hour >= NOON else "AM",
        "X": "Z",
    }
    value = values[token if token.startswith("y") else token[0]]
    return f"{value:02d}" if isinstance(value, int) and (padded or token[1:]) else str(value)


def _runs_together(form: DateFormat) -> bool:
    """Return whether two parts of variable length are adjacent: 1112016 is 1/11 or 11/1."""
    variable = 0
    for token in form.tokens:
        if not _is_field(token) or token in ("MMM", "MMMM", "a", "XXX"):
            variable = 0
        else:
            variable += token in _VARIABLE
        if variable > 1:
            return True
    return False


def _is_field(token: str) -> bool:
    return token in _FIELDS or token in ("MMM", "MMMM") or token.startswith("S")


def _literal(token: str) -> str:
    if token == "''":
        return "'"
    return token[1:-1] if token.startswith("'") and len(token) > 1 else token


def fitting(texts: Collection[str]) -> tuple[str, ...]:
    """Return the common formats that parse every text.

    There are several if day and month cannot be distinguished: only the bank knows.
    """
    if not texts:
        return ()
    return tuple(
        form for form in _COMMON if all(DateFormat(form).read(text) is not None for text in texts)
    )


_COMMON = tuple(
    day + time
    for day, time in product(
        (
            *("d/M/yyyy", "M/d/yyyy", "d/M/yy", "M/d/yy", "d-M-yyyy", "M-d-yyyy", "d-M-yy"),
            *("d.M.yyyy", "d.M.yy", "yyyy-M-d", "yyyy/M/d", "yyyyMMdd", "d-MMM-yyyy", "d-MMM-yy"),
            *("d MMM yyyy", "MMM d, yyyy", "ddMMMyyyy"),
        ),
        ("", " H:mm", " H:mm:ss.SSS", " h:mm a", " h:mm:ss a", "TH:mm:ss.SSS", "TH:mm:ss.SSSXXX"),
    )
)
