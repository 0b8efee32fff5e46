"""The delivery contract between bank and platform: what a delivered file must look like."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from bankseg_assets.contracts.currencies import decimals
from bankseg_assets.contracts.date_formats import DateFormat
from bankseg_assets.contracts.file_layout import PLAIN, FileLayout
from bankseg_assets.contracts.tables import RAW_HOLDINGS, RAW_TRANSACTIONS, Table
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT

DELIVERED = tuple(RAW_TRANSACTIONS.names[: RAW_TRANSACTIONS.names.index("source_file")])
"""Our names of the columns that a bank delivers."""
OPTIONAL = ("birth_date", "gender", "location", "balance", "transaction_time")
MONEY_COLUMNS = ("balance", "amount")
HOLDINGS = ("customer_id", "product")
"""The same for a file of holdings."""

_ADDED_SETTINGS: dict[str, Any] = {
    "time_zone": "",
    "on_conflict": "quarantine",
    "currency_symbols": (),
    "currency_decimals": None,
    "spending": "debit",
    "row_filters": (),
}
"""Settings missing in older contracts -> their default there; see `fingerprint`."""
_ADDED_KEYS: dict[str, Any] = {
    **{"formats": (), "month_names": (), "thousands_separator": ""},
    **{"names": (), "joined_by": " ", "unique_per": ""},
    **{"spending": (), "income": (), "negative": "", "negated": False},
    **{"rates": {}, "converts": ("amount",)},
    **{"negative_words": (), "positive_words": ()},
}
"""The same for a column."""


class ContractError(ValueError):
    """A contract that cannot be used; names the file, the key, expectation and finding."""


@dataclass(frozen=True)
class ColumnRule:
    """The name of one delivered column, and which of its values are valid."""

    name: str
    nullable: bool = False
    format: str = ""
    formats: tuple[str, ...] = ()
    """Instead of `format`: several formats, no two of which parse a text differently."""
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
    """Instead of `name`: several columns of the file, whose values are joined by `joined_by`."""
    joined_by: str = " "
    unique_per: Literal["", "file", "customer", "day"] = ""
    """The scope in which a transaction ID is unique; empty: everywhere."""
    spending: tuple[str, ...] = ()
    """The values of a direction, in upper case, that mean spending.

    For an amount: words beside it; the empty word stands for no word.
    """
    income: tuple[str, ...] = ()
    """The same for income."""
    negative: Literal["", "spending", "income"] = ""
    """The direction of a negative amount, if the sign gives it; a positive one is the other."""
    negated: bool = False
    """Whether a debit or credit is written with a minus sign."""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Code of another currency -> the contract's currency for one unit of it."""
    converts: tuple[str, ...] = ("amount",)
    """Which of our columns of money are in the currency that the row names."""
    negative_words: tuple[str, ...] = ()
    """The words beside a balance, in upper case, that mean it is negative."""
    positive_words: tuple[str, ...] = ()
    """The same for positive ones; the empty word stands for no word."""

    @property
    def file_names(self) -> tuple[str, ...]:
        """The columns of the file that it is composed of."""
        return self.names or (self.name,)

    @property
    def words(self) -> tuple[str, ...]:
        """The words allowed beside an amount or balance, which are not part of the number."""
        every = (*self.spending, *self.income, *self.negative_words, *self.positive_words)
        return tuple(word for word in every if word)

    @property
    def title(self) -> str:
        """The column's name where only one fits."""
        return self.joined_by.join(self.names) if self.names else self.name

    @property
    def readers(self) -> tuple[DateFormat, ...]:
        """The declared formats of dates and times."""
        return tuple(DateFormat(text, self.month_names) for text in self.formats or (self.format,))

    @property
    def has_plain_format(self) -> bool:
        """Whether there is one format, which Spark's own parser accepts unchanged."""
        return not self.formats and self.readers[0].is_plain

    @property
    def has_two_digit_year(self) -> bool:
        """Whether a year of the declared formats leaves the century open."""
        return any(form.has_two_digit_year for form in self.readers)

    @property
    def has_time(self) -> bool:
        """Whether a value of the declared formats includes the time of day."""
        return any(form.has_time for form in self.readers)

    @property
    def takes_iso_dates(self) -> bool:
        """Whether the declared formats cannot misread an ISO date as another day."""
        return all(re.match(r"y+[^M]*d", form.text) is None for form in self.readers)

    @property
    def spark_pattern(self) -> str:
        r"""The pattern for `rlike`, on the whole value: `$` would accept a final line break."""
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
    """Instead of `keep`: the values of rows that are left out."""


@dataclass(frozen=True)
class DeliveryContract:
    """Header, formats and domains of a transactions file; defaults are those of contract.toml."""

    currency: str = _shipped("currency")
    currency_symbols: tuple[str, ...] = ()
    """Further signs of the currency beside an amount, besides its code and usual signs."""
    number_format: Literal["lakh", "plain"] = _shipped("number_format")
    customer_key: str = _shipped("customer_key")
    """A Spark SQL expression over cleaned_transactions that identifies the customer."""
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
    """The table that the records of a file are written to."""
    layout: FileLayout = PLAIN
    """The layout of a file around its records."""
    holdings_layout: FileLayout = PLAIN
    """The same for a file of holdings."""

    def of_holdings(self) -> "DeliveryContract":
        """Return the contract for a file of holdings."""
        return replace(
            self,
            columns=self.holdings,
            table=RAW_HOLDINGS,
            layout=self.holdings_layout,
            row_filters=(),
        )

    @property
    def decimals(self) -> int:
        """The number of decimals that an amount may have, 0 to 4."""
        if self.currency_decimals is None:
            return decimals(self.currency)
        return self.currency_decimals

    @property
    def layout_table(self) -> str:
        """The table of a contract that sets the layout, for messages."""
        return "[holdings.file]" if self.table == RAW_HOLDINGS else "[file]"

    def column_table(self, ours: str) -> str:
        """Return the table of a contract that describes a column, for messages."""
        return f"[{'holdings' if self.table == RAW_HOLDINGS else 'columns'}.{ours}]"

    @property
    def header(self) -> dict[str, str]:
        """Our column name -> the name in the file's header; the order in the file is free.

        A column composed of several has their names together.
        """
        return {ours: rule.title for ours, rule in self.columns.items()}

    @property
    def file_columns(self) -> tuple[str, ...]:
        """The names that a file's header must contain, each once."""
        named = [name for rule in self.columns.values() for name in rule.file_names]
        return tuple(dict.fromkeys([*named, *(one.column for one in self.row_filters)]))

    @property
    def genders(self) -> tuple[str, ...]:
        """The genders as published."""
        rule = self.columns.get("gender")
        return tuple(dict.fromkeys(rule.values.values())) if rule else ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the contract's settings for files; independent of comments and order."""
        settings = asdict(self)
        # These settings do not affect the rows of a file of transactions.
        del (
            settings["holdings"],
            settings["holdings_layout"],
            settings["table"],
            settings["features"],
        )
        if self.layout == PLAIN:
            del settings["layout"]
        elif not self.layout.sheet:
            del settings["layout"]["sheet"]
        # A change to an unused setting must not cause everything to be cleaned again.
        _leave_out(settings, _ADDED_SETTINGS)
        for rule in settings["columns"].values():
            _leave_out(rule, _ADDED_KEYS)
        content = json.dumps(settings, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()


def _leave_out(settings: dict[str, Any], unused: Mapping[str, Any]) -> None:
    for key, value in unused.items():
        if settings[key] == value:
            del settings[key]


@cache
def _shipped_contract() -> DeliveryContract:
    return load_contract(DEFAULT_CONTRACT)


def load_contract(path: Path) -> DeliveryContract:
    """Read a contract.

    Raises ContractError if the file is missing or not TOML, if a key is unknown or missing, or if a
    value is not of the kind that its key needs.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise ContractError(
            f"The contract {path} cannot be read ({error.strerror}). Correct BANKSEG_CONTRACT."
        ) from None  # our message includes its text; a batch would show both
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"The contract {path} is not valid TOML: {error}.") from None
    from bankseg_assets.contracts.toml.reading import (
        read_contract,  # circular import: it uses this module
    )

    return read_contract(content, path)
