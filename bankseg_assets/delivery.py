"""What a delivered file must look like: the contract between the bank and the platform."""

import codecs
import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bankseg_assets.contracts import RAW_HOLDINGS, RAW_TRANSACTIONS, Table
from bankseg_assets.currencies import CODES
from bankseg_assets.date_formats import ENGLISH, NUMBERS, DateFormat, ambiguity, problem
from bankseg_assets.file_layout import MAX_FOOTER_LINES, MAX_HEADER_LINE, PLAIN, FileLayout
from bankseg_assets.settings import DEFAULT_CONTRACT

DELIVERED = tuple(RAW_TRANSACTIONS.names[: RAW_TRANSACTIONS.names.index("source_file")])
"""Our names of what a bank delivers."""
OPTIONAL = ("birth_date", "gender", "location", "balance", "transaction_time")
REQUIRED = ("customer_id", "transaction_id", "transaction_date", "amount")
MONEY_COLUMNS = ("balance", "amount")
HOLDINGS = ("customer_id", "product")
"""The same, of a file of holdings."""

_LAYOUT_KEYS = ("header_line", "footer_lines", "footer_starts_with")
_TEXT_KEYS = ("name", "placeholders", "pattern")
_MONEY_KEYS = (
    *("name", "placeholders", "minimum", "maximum"),
    *("decimal_separator", "thousands_separator"),
)
_SEPARATORS = {
    **{text: text for text in (",", ".", " ", "'")},
    **dict.fromkeys(("\u00a0", "\u2009", "\u202f"), " "),
    "\u2019": "'",
}
"""A thousands separator as a contract may write it -> one of its kind."""
# Something that is no sign or separator of a number.
_CURRENCY_SYMBOL = r"(?=.*[^-.,'\s])[^\d()+=_\r\n]+"
_DATE_KEYS = ("format", "formats", "month_names")
_KEYS: dict[str, tuple[str, ...]] = {
    "transaction_id": _TEXT_KEYS,
    "customer_id": _TEXT_KEYS,
    "birth_date": ("name", "nullable", "placeholders", *_DATE_KEYS),
    "gender": (*_TEXT_KEYS, "nullable", "values"),
    "location": (*_TEXT_KEYS, "nullable"),
    "balance": (*_MONEY_KEYS, "nullable"),
    "transaction_date": ("name", "placeholders", *_DATE_KEYS, "minimum", "maximum"),
    "transaction_time": ("name", "nullable", "placeholders", "format", "formats"),
    "amount": _MONEY_KEYS,
    "product": (*_TEXT_KEYS, "values"),
}
_DATED = ("birth_date", "transaction_date", "transaction_time")
_ADDED_SETTINGS: dict[str, Any] = {
    "time_zone": "",
    "on_conflict": "quarantine",
    "currency_symbols": (),
    "currency_decimals": None,
    "spending": "debit",
    "row_filters": (),
}
"""Settings that older contracts do not have -> what they mean there; see `fingerprint`."""
_ADDED_KEYS: dict[str, Any] = {
    **{"formats": (), "month_names": (), "thousands_separator": ""},
    **{"names": (), "joined_by": " ", "unique_per": ""},
    **{"spending": (), "income": (), "negative": "", "negated": False},
    **{"rates": {}, "converts": ("amount",)},
}
"""The same, of a column."""


class ContractError(ValueError):
    """A contract that cannot be used: names the file, the key, what was expected and found."""


@dataclass(frozen=True)
class ColumnRule:
    """What one delivered column is called, and which of its values are sound."""

    name: str
    nullable: bool = False
    format: str = ""
    formats: tuple[str, ...] = ()
    """In place of `format`: several, of which no two read a text differently."""
    month_names: tuple[str, ...] = ()
    """January to December as the bank writes them; none: English, in full or of three letters."""
    placeholders: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """Delivered value in upper case -> published value; empty allows any."""
    pattern: str = ""
    minimum: Decimal | date | None = None
    maximum: Decimal | date | None = None
    decimal_separator: str = "."
    thousands_separator: str = ""
    """Between groups of digits: `,`, `.`, any space, any apostrophe; empty for none."""
    names: tuple[str, ...] = ()
    """In place of `name`: several columns of the file, whose values are joined by `joined_by`."""
    joined_by: str = " "
    unique_per: Literal["", "file", "customer", "day"] = ""
    """What a transaction ID is unique within; empty: it is unique."""
    spending: tuple[str, ...] = ()
    """In upper case, the values of a direction that say that the amount is spending."""
    income: tuple[str, ...] = ()
    """The same for income."""
    negative: Literal["", "spending", "income"] = ""
    """What a negative amount is, where the sign says the direction; a positive one is the other."""
    negated: bool = False
    """Whether a debit or credit is written with a minus sign where it is one."""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Code of another currency -> the contract's currency for one unit of it."""
    converts: tuple[str, ...] = ("amount",)
    """Which of our columns of money are in the currency that the row names."""

    @property
    def file_names(self) -> tuple[str, ...]:
        """The columns of the file that it is made of."""
        return self.names or (self.name,)

    @property
    def title(self) -> str:
        """What the column is called where there is room for one name."""
        return self.joined_by.join(self.names) if self.names else self.name

    @property
    def readers(self) -> tuple[DateFormat, ...]:
        """The declared formats of dates and times."""
        return tuple(DateFormat(text, self.month_names) for text in self.formats or (self.format,))

    @property
    def has_plain_format(self) -> bool:
        """Whether there is one format, which Spark's own parser takes as it stands."""
        return not self.formats and self.readers[0].is_plain

    @property
    def has_two_digit_year(self) -> bool:
        """Whether a year of the declared formats leaves the century open."""
        return any(form.has_two_digit_year for form in self.readers)

    @property
    def has_time(self) -> bool:
        """Whether a value of the declared formats has the time of day, too."""
        return any(form.has_time for form in self.readers)

    @property
    def takes_iso_dates(self) -> bool:
        """Whether an ISO date cannot be taken for another day than it says."""
        return all(re.match(r"y+[^M]*d", form.text) is None for form in self.readers)

    @property
    def spark_pattern(self) -> str:
        r"""The pattern for `rlike`, on the whole value: `$` would let a last line break pass."""
        return rf"\A(?:{self.pattern})\z"


def _shipped(name: str) -> Any:
    return field(default_factory=lambda: getattr(_shipped_contract(), name))


@dataclass(frozen=True)
class RowFilter:
    """Which rows of a file are read, by the values of one of its columns."""

    column: str
    """The header's name."""
    keep: tuple[str, ...] = ()
    """Values, compared without case and blanks at their ends; other rows are left out."""
    drop: tuple[str, ...] = ()
    """In place of `keep`: the values of rows that are left out."""


@dataclass(frozen=True)
class DeliveryContract:
    """Header, formats and domains of a transactions file; a default is what contract.toml says."""

    currency: str = _shipped("currency")
    currency_symbols: tuple[str, ...] = ()
    """What may stand for the currency beside an amount, beside its code and its usual signs."""
    number_format: Literal["lakh", "plain"] = _shipped("number_format")
    customer_key: str = _shipped("customer_key")
    """A Spark SQL expression over cleaned_transactions that says who the customer is."""
    features: tuple[str, ...] = ()
    """The features to segment by (`scoring.FEATURES`); none: those that suit the data."""
    time_zone: str = ""
    """IANA name of the bank's time zone, to which instants are converted; empty without any."""
    on_conflict: Literal["quarantine", "latest"] = "quarantine"
    """Which row of a transaction is kept where two deliveries contradict each other."""
    currency_decimals: int | None = None
    """How many decimals an amount may have; None: as many as ISO 4217 gives the currency."""
    spending: Literal["debit", "credit"] = "debit"
    """Which of the columns `debit` and `credit` is the customer's spending."""
    row_filters: tuple[RowFilter, ...] = ()
    delimiter: str = _shipped("delimiter")
    encoding: str = _shipped("encoding")
    columns: Mapping[str, ColumnRule] = _shipped("columns")
    """Our column name -> its rule; the bank delivers no column that is not here."""
    holdings: Mapping[str, ColumnRule] = _shipped("holdings")
    """The same for a file of holdings."""
    table: Table = RAW_TRANSACTIONS
    """What the records of a file become."""
    layout: FileLayout = PLAIN
    """What stands in a file around its records."""
    holdings_layout: FileLayout = PLAIN
    """The same for a file of holdings."""

    def of_holdings(self) -> "DeliveryContract":
        """Return what a file of holdings must look like."""
        return replace(
            self,
            columns=self.holdings,
            table=RAW_HOLDINGS,
            layout=self.holdings_layout,
            row_filters=(),
        )

    @property
    def layout_table(self) -> str:
        """Where a contract sets the layout, for messages."""
        return "[holdings.file]" if self.table == RAW_HOLDINGS else "[file]"

    def column_table(self, ours: str) -> str:
        """Return where a contract describes a column, for messages."""
        return f"[{'holdings' if self.table == RAW_HOLDINGS else 'columns'}.{ours}]"

    @property
    def header(self) -> dict[str, str]:
        """Our column name -> the name in the file's header; the order in the file is free.

        Of one that is made of several, their names together.
        """
        return {ours: rule.title for ours, rule in self.columns.items()}

    @property
    def file_columns(self) -> tuple[str, ...]:
        """The names that a file's header must have, each once."""
        named = [name for rule in self.columns.values() for name in rule.file_names]
        return tuple(dict.fromkeys([*named, *(one.column for one in self.row_filters)]))

    @property
    def genders(self) -> tuple[str, ...]:
        """The genders as published."""
        rule = self.columns.get("gender")
        return tuple(dict.fromkeys(rule.values.values())) if rule else ()

    @property
    def id_pattern(self) -> str:
        """What a whole transaction ID must match, for `rlike`."""
        return self.columns["transaction_id"].spark_pattern

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that the contract says of its files; comments and order change nothing."""
        said = asdict(self)
        # Of other files, not the bank's to say, and of no row of a file.
        del said["holdings"], said["holdings_layout"], said["table"], said["features"]
        if self.layout == PLAIN:
            del said["layout"]
        elif not self.layout.sheet:
            del said["layout"]["sheet"]
        # A setting that a contract does not use must not have everything cleaned again.
        _leave_out(said, _ADDED_SETTINGS)
        for rule in said["columns"].values():
            _leave_out(rule, _ADDED_KEYS)
        content = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()


def _leave_out(said: dict[str, Any], unused: Mapping[str, Any]) -> None:
    for key, value in unused.items():
        if said[key] == value:
            del said[key]


@cache
def _shipped_contract() -> DeliveryContract:
    return load_contract(DEFAULT_CONTRACT)


def load_contract(path: Path) -> DeliveryContract:
    """Read a contract.

    Raises ContractError when the file is not there or not TOML, when a key is unknown or missing,
    or when a value is not of the kind that its key needs.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise ContractError(
            f"The contract {path} cannot be read ({error.strerror}). Correct BANKSEG_CONTRACT."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"The contract {path} is not valid TOML: {error}.") from error
    return _Table(path, "", content).contract()


@dataclass(frozen=True)
class _Table:
    """One table of the file with its place in it, so that every complaint can name the key."""

    path: Path
    place: str
    content: dict[str, Any]

    def contract(self) -> DeliveryContract:
        self._allow_only(
            (
                *("currency", "number_format", "currency_symbols", "customer_key", "features"),
                *("time_zone", "on_conflict", "file", "columns", "holdings"),
            )
        )
        file, columns = self._table("file"), self._table("columns")
        file._allow_only(("delimiter", "encoding", *_LAYOUT_KEYS))
        columns._allow_only(DELIVERED)
        for ours in REQUIRED:
            columns._get(ours, dict, "a table")
        rules = {
            ours: columns._table(ours)._rule(ours) for ours in DELIVERED if ours in columns.content
        }
        columns._no_name_twice(rules)
        if rules["transaction_date"].has_time and "transaction_time" in rules:
            columns._table("transaction_time")._complain(
                "format", "is there", "no transaction_time where transaction_date has a time"
            )
        time_zone = self._time_zone(rules["transaction_date"])
        return DeliveryContract(
            currency=self._text("currency", r"[A-Z]{3}", "three letters, such as INR"),
            currency_symbols=self._currency_symbols(),
            number_format=self._one_of("number_format", ("lakh", "plain")),
            customer_key=self._text("customer_key", r"(?s).*\S.*", "a Spark SQL expression"),
            features=self._features(),
            time_zone=time_zone,
            on_conflict=self._one_of("on_conflict", ("quarantine", "latest"))
            if "on_conflict" in self.content
            else "quarantine",
            delimiter=file._text("delimiter", r"[!#-~ \t]", "one ASCII character, not a quote"),
            encoding=file._encoding(),
            columns=rules,
            holdings=self._holdings(),
            layout=file._layout(),
            holdings_layout=self._holdings_layout(),
        )

    def _features(self) -> tuple[str, ...]:
        if "features" not in self.content:
            return ()
        from bankseg_assets.scoring import FEATURES  # numpy: help of a command must not wait for it

        named = self._texts("features")
        if unknown := [name for name in named if name not in FEATURES]:
            self._complain("features", f"has {unknown}", f"some of {', '.join(FEATURES)}")
        return named

    def _currency_symbols(self) -> tuple[str, ...]:
        if "currency_symbols" not in self.content:
            return ()
        symbols = self._texts("currency_symbols")
        expected = "texts without digits and parentheses that are more than a sign, such as Rs."
        if wrong := [text for text in symbols if not re.fullmatch(_CURRENCY_SYMBOL, text)]:
            self._complain("currency_symbols", f"has {wrong}", expected)
        others = CODES - {self.content["currency"]}
        if wrong := [text for text in symbols if text.upper() in others]:
            self._complain("currency_symbols", f"has {wrong}", "no code of another currency")
        return symbols

    def _holdings(self) -> dict[str, ColumnRule]:
        if "holdings" not in self.content:
            return {ours: ColumnRule(ours) for ours in HOLDINGS}
        holdings = self._table("holdings")
        holdings._allow_only((*HOLDINGS, "file"))
        rules = {ours: holdings._table(ours)._rule(ours) for ours in HOLDINGS}
        holdings._no_name_twice(rules)
        return rules

    def _holdings_layout(self) -> FileLayout:
        holdings = self.content.get("holdings", {})
        if "file" not in holdings:
            return PLAIN
        file = self._table("holdings")._table("file")
        file._allow_only(_LAYOUT_KEYS)
        return file._layout()

    def _layout(self) -> FileLayout:
        readers: dict[str, Callable[[str], Any]] = {
            "header_line": lambda key: self._whole_number(key, 1, MAX_HEADER_LINE),
            "footer_lines": lambda key: self._whole_number(key, 0, MAX_FOOTER_LINES),
            "footer_starts_with": self._line_starts,
        }
        return FileLayout(
            **{key: read(key) for key, read in readers.items() if key in self.content}
        )

    def _whole_number(self, key: str, lowest: int, highest: int) -> int:
        expected = f"a whole number from {lowest} to {highest:,}"
        number: int = self._get(key, int, expected)
        if not lowest <= number <= highest:
            self._complain(key, f"is {number}", expected)
        return number

    def _line_starts(self, key: str) -> tuple[str, ...]:
        expected = 'a list of texts that lines begin with, such as ["Total"]'
        starts = self._get(key, list, expected)
        for start in starts:
            shown = start.replace("\t", " ").strip(' "') if isinstance(start, str) else ""
            if not shown or not shown.isprintable():
                self._complain(key, f"has {start!r}", expected)
        return tuple(start.lstrip(' "') for start in starts)

    def _rule(self, ours: str) -> ColumnRule:
        self._allow_only(_KEYS[ours])
        if ours in _DATED:
            self._check_formats()
        given: dict[str, Any] = {"name": self._text("name", r".*\S.*", "the header's name")}
        readers: dict[str, Callable[[str], Any]] = {
            "nullable": lambda key: self._get(key, bool, "true or false"),
            "placeholders": self._texts,
            "pattern": self._pattern,
            "format": lambda key: self._format(self._get(key, str, "text"), key, ours),
            "formats": lambda key: self._formats(key, ours),
            "month_names": self._month_names,
            "values": self._values,
            "minimum": lambda key: self._bound(key, ours),
            "maximum": lambda key: self._bound(key, ours),
            "decimal_separator": lambda key: self._one_of(key, (".", ",")),
            "thousands_separator": self._thousands_separator,
        }
        given |= {key: readers[key](key) for key in self.content if key != "name"}
        rule = ColumnRule(**given)
        if rule.thousands_separator == rule.decimal_separator:
            self._complain(
                "thousands_separator",
                f"is {rule.thousands_separator!r}, as the decimal_separator is",
                "two different ones, such as '.' for thousands and ',' for decimals",
            )
        if rule.formats and (unclear := ambiguity(rule.readers)):
            text, first, second = unclear
            self._complain(
                "formats",
                f"reads {text!r} as {first:%Y-%m-%d %H:%M:%S} and as {second:%Y-%m-%d %H:%M:%S}",
                "formats of which no two read a text differently",
            )
        return rule

    def _complain(self, key: str, found: str, expected: str) -> None:
        place = f"{self.place}.{key}".lstrip(".")
        raise ContractError(f"The contract {self.path}: {place} {found}; expected {expected}.")

    def _allow_only(self, known: tuple[str, ...]) -> None:
        for key in self.content:
            if key not in known:
                self._complain(key, "is unknown", f"one of {', '.join(known)}")

    def _get(self, key: str, kind: type, expected: str) -> Any:
        if key not in self.content:
            self._complain(key, "is missing", expected)
        value = self.content[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self._complain(key, f"is {value!r}", expected)
        return value

    def _table(self, key: str) -> "_Table":
        place = f"{self.place}.{key}".lstrip(".")
        return _Table(self.path, place, self._get(key, dict, "a table"))

    def _text(self, key: str, pattern: str, expected: str) -> str:
        value: str = self._get(key, str, expected)
        if not re.fullmatch(pattern, value):
            self._complain(key, f"is {value!r}", expected)
        return value

    def _one_of(self, key: str, known: tuple[str, ...]) -> Any:
        expected = " or ".join(map(repr, known))
        value = self._get(key, str, expected)
        if value not in known:
            self._complain(key, f"is {value!r}", expected)
        return value

    def _thousands_separator(self, key: str) -> str:
        expected = "',', '.', a space or an apostrophe"
        text: str = self._get(key, str, expected)
        if text not in _SEPARATORS:
            self._complain(key, f"is {text!r}", expected)
        return _SEPARATORS[text]

    def _texts(self, key: str) -> tuple[str, ...]:
        values = self._get(key, list, "a list of texts")
        if not all(isinstance(value, str) for value in values):
            self._complain(key, f"is {values!r}", "a list of texts")
        return tuple(value.strip() for value in values)

    def _values(self, key: str) -> dict[str, str]:
        expected = "a list of texts, or a table of delivered = published texts"
        found = self._get(key, dict | list, expected)  # type: ignore[arg-type]
        pairs = found if isinstance(found, dict) else {value: value for value in found}
        if not pairs or not all(isinstance(text, str) for pair in pairs.items() for text in pair):
            self._complain(key, f"is {found!r}", expected)
        return {delivered.upper(): published for delivered, published in pairs.items()}

    def _pattern(self, key: str) -> str:
        pattern: str = self._get(key, str, "a regular expression")
        try:
            re.compile(pattern)
        except re.error as error:
            self._complain(key, f"is {pattern!r}", f"a regular expression ({error})")
        return pattern

    def _check_formats(self) -> None:
        if "formats" not in self.content:
            self._get("format", str, "text")
        elif "format" in self.content:
            self._complain("formats", "is there", "format or formats, not both")

    def _format(self, text: str, key: str, ours: str) -> str:
        if expected := problem(text, ours):
            self._complain(key, f"is {text!r}", expected)
        return text

    def _formats(self, key: str, ours: str) -> tuple[str, ...]:
        texts: list[Any] = self._get(key, list, "a list of formats")
        if not texts or not all(isinstance(text, str) for text in texts):
            self._complain(key, f"is {texts!r}", "a list of formats")
        for text in texts:
            if text in NUMBERS:
                self._complain(key, f"has {text!r}", "patterns; a number stands alone in format")
            self._format(text, key, ours)
        return tuple(texts)

    def _month_names(self, key: str) -> tuple[str, ...]:
        names = self._texts(key)
        different = {name.lower() for name in names if name}
        if not len(different) == len(names) == len(ENGLISH):
            expected = "twelve different names, from January to December"
            self._complain(key, f"is {list(names)!r}", expected)
        return tuple(name.removesuffix(".") for name in names)

    def _time_zone(self, dates: ColumnRule) -> str:
        if "time_zone" in self.content:
            expected = "an IANA name, such as Asia/Kolkata or UTC"
            # Only names that Java's own copy of the database has, too.
            name = self._text("time_zone", r"UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+", expected)
            try:
                return ZoneInfo(name).key
            except (KeyError, ValueError, OSError):  # no such name, or a folder of names
                self._complain("time_zone", f"is {name!r}", expected)
        needing = [form.text for form in dates.readers if form.needs_time_zone]
        if needing:
            self._complain(
                "time_zone",
                "is missing",
                f"the bank's time zone, such as Asia/Kolkata, because {needing[0]!r} in "
                "columns.transaction_date is an instant and no local time",
            )
        return ""

    def _bound(self, key: str, ours: str) -> Decimal | date:
        if ours == "transaction_date":
            day: date = self._get(key, date, "a date, such as 2016-01-01")
            return day
        return Decimal(self._get(key, int | Decimal, "a number"))  # type: ignore[arg-type]

    def _encoding(self) -> str:
        name: str = self._get("encoding", str, "a codec's name, such as utf-8")
        try:
            "x".encode(name)  # a codec of text, unlike base64
            return codecs.lookup(name).name
        except LookupError:
            self._complain("encoding", f"is {name!r}", "a codec's name, such as utf-8 or cp1252")
            raise

    def _no_name_twice(self, rules: dict[str, ColumnRule]) -> None:
        seen: dict[str, str] = {}
        for ours, rule in rules.items():
            if rule.name in seen:
                self._complain(f"{ours}.name", f"is that of {seen[rule.name]}", "one column each")
            seen[rule.name] = ours
