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

from bankseg_assets.contracts import RAW_HOLDINGS, RAW_TRANSACTIONS, Table
from bankseg_assets.file_layout import MAX_FOOTER_LINES, MAX_HEADER_LINE, PLAIN, FileLayout
from bankseg_assets.settings import DEFAULT_CONTRACT

DELIVERED = tuple(RAW_TRANSACTIONS.names[: RAW_TRANSACTIONS.names.index("source_file")])
"""Our names of what a bank delivers."""
OPTIONAL = ("birth_date", "gender", "location", "balance", "transaction_time")
HOLDINGS = ("customer_id", "product")
"""The same, of a file of holdings."""

_DATE_TOKENS = r"yyyy|yy|MM|M|dd|d|HH|mm|ss|'[^']*'|[^A-Za-z'#{}\[\]]"
_LAYOUT_KEYS = ("header_line", "footer_lines", "footer_starts_with")
_TEXT_KEYS = ("name", "placeholders", "pattern")
_MONEY_KEYS = ("name", "placeholders", "minimum", "maximum", "decimal_separator")
_KEYS: dict[str, tuple[str, ...]] = {
    "transaction_id": _TEXT_KEYS,
    "customer_id": _TEXT_KEYS,
    "birth_date": ("name", "nullable", "placeholders", "format"),
    "gender": (*_TEXT_KEYS, "nullable", "values"),
    "location": (*_TEXT_KEYS, "nullable"),
    "balance": (*_MONEY_KEYS, "nullable"),
    "transaction_date": ("name", "placeholders", "format", "minimum", "maximum"),
    "transaction_time": ("name", "nullable", "placeholders", "format"),
    "amount": _MONEY_KEYS,
    "product": (*_TEXT_KEYS, "values"),
}
_NEEDED = {
    "birth_date": ("format",),
    "transaction_date": ("format",),
    "transaction_time": ("format",),
}


class ContractError(ValueError):
    """A contract that cannot be used: names the file, the key, what was expected and found."""


@dataclass(frozen=True)
class ColumnRule:
    """What one delivered column is called, and which of its values are sound."""

    name: str
    nullable: bool = False
    format: str = ""
    placeholders: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """Delivered value in upper case -> published value; empty allows any."""
    pattern: str = ""
    minimum: Decimal | date | None = None
    maximum: Decimal | date | None = None
    decimal_separator: str = "."

    @property
    def has_two_digit_year(self) -> bool:
        """Whether a year in this format leaves the century open."""
        return "yy" in self.format and "yyyy" not in self.format

    @property
    def has_time(self) -> bool:
        """Whether a value of this format tells the time of day too."""
        return "HH" in self.format

    @property
    def takes_iso_dates(self) -> bool:
        """Whether an ISO date cannot be taken for another day than it says."""
        return re.match(r"y+[^M]*d", self.format) is None

    @property
    def spark_pattern(self) -> str:
        r"""The pattern for `rlike`, on the whole value: `$` would let a last line break pass."""
        return rf"\A(?:{self.pattern})\z"


def _shipped(name: str) -> Any:
    return field(default_factory=lambda: getattr(_shipped_contract(), name))


@dataclass(frozen=True)
class DeliveryContract:
    """Header, formats and domains of a transactions file; a default is what contract.toml says."""

    currency: str = _shipped("currency")
    number_format: Literal["lakh", "plain"] = _shipped("number_format")
    customer_key: str = _shipped("customer_key")
    """A Spark SQL expression over cleaned_transactions that says who the customer is."""
    features: tuple[str, ...] = ()
    """The features to segment by (`scoring.FEATURES`); none: those that suit the data."""
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
        return replace(self, columns=self.holdings, table=RAW_HOLDINGS, layout=self.holdings_layout)

    @property
    def layout_table(self) -> str:
        """Where a contract sets the layout, for messages."""
        return "[holdings.file]" if self.table == RAW_HOLDINGS else "[file]"

    def column_table(self, ours: str) -> str:
        """Return where a contract describes a column, for messages."""
        return f"[{'holdings' if self.table == RAW_HOLDINGS else 'columns'}.{ours}]"

    @property
    def header(self) -> dict[str, str]:
        """Our column name -> the name in the file's header; the order in the file is free."""
        return {ours: rule.name for ours, rule in self.columns.items()}

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
            del said["layout"]  # a contract of before this setting keeps its fingerprint
        content = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()


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
                *("currency", "number_format", "customer_key", "features"),
                *("file", "columns", "holdings"),
            )
        )
        file, columns = self._table("file"), self._table("columns")
        file._allow_only(("delimiter", "encoding", *_LAYOUT_KEYS))
        columns._allow_only(DELIVERED)
        for ours in set(DELIVERED) - set(OPTIONAL):
            columns._get(ours, dict, "a table")
        rules = {
            ours: columns._table(ours)._rule(ours) for ours in DELIVERED if ours in columns.content
        }
        columns._no_name_twice(rules)
        if rules["transaction_date"].has_time and "transaction_time" in rules:
            columns._table("transaction_time")._complain(
                "format", "is there", "no transaction_time where transaction_date has a time"
            )
        return DeliveryContract(
            currency=self._text("currency", r"[A-Z]{3}", "three letters, such as INR"),
            number_format=self._one_of("number_format", ("lakh", "plain")),
            customer_key=self._text("customer_key", r"(?s).*\S.*", "a Spark SQL expression"),
            features=self._features(),
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
        for key in _NEEDED.get(ours, ()):
            self._get(key, str, "text")
        given: dict[str, Any] = {"name": self._text("name", r".*\S.*", "the header's name")}
        readers: dict[str, Callable[[str], Any]] = {
            "nullable": lambda key: self._get(key, bool, "true or false"),
            "placeholders": self._texts,
            "pattern": self._pattern,
            "format": lambda key: self._format(key, ours),
            "values": self._values,
            "minimum": lambda key: self._bound(key, ours),
            "maximum": lambda key: self._bound(key, ours),
            "decimal_separator": lambda key: self._one_of(key, (".", ",")),
        }
        given |= {key: readers[key](key) for key in self.content if key != "name"}
        return ColumnRule(**given)

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

    def _format(self, key: str, ours: str) -> str:
        expected = "a pattern of yyyy yy MM M dd d HH mm ss, such as d/M/yy"
        text: str = self._get(key, str, expected)
        tokens = re.findall(_DATE_TOKENS, text)
        parts = sorted(token[0] for token in tokens if token[0].isalpha())
        day, time = ["M", "d", "y"], ["H", "m"]
        allowed = {
            "transaction_time": (time, sorted([*time, "s"])),
            "birth_date": (day,),
            "transaction_date": (day, sorted(day + time), sorted([*day, *time, "s"])),
        }
        if "".join(tokens) != text or parts not in allowed[ours]:
            self._complain(key, f"is {text!r}", expected)
        return text

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
