"""Model of the whole contract: all tables, and the rules between them."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bankseg_assets.contracts.currencies import CODES, signs
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.feature_catalogue import FEATURES
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.contracts.toml.columns import (
    Age,
    Amount,
    Balance,
    BirthDate,
    Column,
    CurrencyColumn,
    CustomerId,
    Direction,
    Factor,
    Gender,
    Location,
    Part,
    Product,
    TransactionDate,
    TransactionId,
    TransactionTime,
)
from bankseg_assets.contracts.toml.layout import HoldingsFile, RowFilterTable, TransactionsFile
from bankseg_assets.contracts.toml.values import Expected, Texts, TomlTable, slip, symbols, zone

_WAYS_OF_AMOUNT = (("amount",), ("debit", "credit"), ("quantity", "unit_price"))
_ANY_WAY = "a table, or [columns.debit] and [columns.credit], or [columns.quantity] and unit_price"


class TransactionColumns(TomlTable):
    """One table a column: our name in the brackets, the file's in `name`; their order is free."""

    transaction_id: Annotated[TransactionId, Expected("a table")] | None = None
    customer_id: Annotated[CustomerId, Expected("a table")]
    birth_date: Annotated[BirthDate, Expected("a table")] | None = None
    gender: Annotated[Gender, Expected("a table")] | None = None
    location: Annotated[Location, Expected("a table")] | None = None
    balance: Annotated[Balance, Expected("a table")] | None = None
    transaction_date: Annotated[TransactionDate, Expected("a table")]
    transaction_time: Annotated[TransactionTime, Expected("a table")] | None = None
    amount: Annotated[Amount, Expected("a table")] | None = None
    debit: Annotated[Part, Expected("a table")] | None = None
    credit: Annotated[Part, Expected("a table")] | None = None
    direction: Annotated[Direction, Expected("a table")] | None = None
    quantity: Annotated[Factor, Expected("a table")] | None = None
    unit_price: Annotated[Factor, Expected("a table")] | None = None
    currency: Annotated[CurrencyColumn, Expected("a table")] | None = None
    age: Annotated[Age, Expected("a table")] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "TransactionColumns":
        for fault in self._slips():
            raise fault
        return self

    def rules(self) -> dict[str, ColumnRule]:
        """Return our column name -> its rule."""
        columns = ((name, getattr(self, name)) for name in RAW_TRANSACTIONS.names if name in _OURS)
        return {name: column.rule() for name, column in columns if column is not None}

    def _slips(self) -> Iterator[PydanticCustomError]:
        every = (name for way in _WAYS_OF_AMOUNT for name in way)
        given = {name for name in every if getattr(self, name) is not None}
        if not given:
            yield slip("is missing", _ANY_WAY, "amount")
        for part, other in (("quantity", "unit_price"), ("unit_price", "quantity")):
            if part in given and other not in given:
                yield slip("is missing", f"a table, because there is [columns.{part}]", other)
        ways = [way for way in _WAYS_OF_AMOUNT if given & {*way}]
        if len(ways) > 1:
            key = sorted(given & {*ways[1]})[0]
            yield slip("is set", f"no other amount beside [columns.{ways[0][0]}]", key)
        if self.direction and given & {"debit", "credit"}:
            expected = "no direction, because debit and credit columns give it"
            yield slip("is set", expected, "direction")
        if self.direction and self.amount and self.amount.negative:
            yield slip("is set", "a direction or amount.negative, not both", "direction")
        if self.direction and self.amount and self.amount.spending:
            yield slip("is set", "a direction or amount.spending, not both", "direction")
        if self.age and self.birth_date:
            yield slip("is set", "age or birth_date, not both", "age")
        if self.transaction_date.rule().has_time and self.transaction_time:
            expected = "no transaction_time where transaction_date has a time"
            yield slip("is set", expected, "transaction_time.format")
        if self.currency and "balance" in self.currency.converts and not self.balance:
            yield slip("has 'balance'", "a column in the contract", "currency.converts")
        yield from _names_twice(self)


class HoldingsTables(TomlTable):
    """A file of product holdings: one customer and one product per row."""

    customer_id: Annotated[CustomerId, Expected("a table")]
    product: Annotated[Product, Expected("a table")]
    file: Annotated[HoldingsFile, Expected("a table")] | None = Field(
        None, description="The lines around the records."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "HoldingsTables":
        for fault in _names_twice(self):
            raise fault
        return self


class ContractFile(TomlTable):
    """What a bank's files look like: the contract between the bank and bankseg."""

    model_config = ConfigDict(title="bankseg delivery contract")

    currency: Annotated[
        str, Field(pattern="^[A-Z]{3}$"), Expected("three letters, such as INR")
    ] = Field(description="The currency code of all amounts and balances.", examples=["INR"])
    currency_symbols: Annotated[list[str], AfterValidator(symbols), Expected("a list of texts")] = (
        Field(
            [],
            description="Further symbols for this currency beside an amount, besides its code "
            "and its usual signs.",
            examples=[["Rupees"]],
        )
    )
    currency_decimals: (
        Annotated[int, Field(ge=0, le=4), Expected("a whole number from 0 to 4")] | None
    ) = Field(
        None,
        description="The maximum decimals of an amount; by default those of the currency in "
        "ISO 4217.",
        examples=[3],
    )
    number_format: Annotated[Literal["lakh", "plain"], Expected("'lakh' or 'plain'")] = Field(
        description="How large numbers are shown: 12,34,567 or 1,234,567.", examples=["plain"]
    )
    customer_key: Annotated[str, Field(pattern=r"\S"), Expected("a Spark SQL expression")] = Field(
        description="The key that identifies a customer: a column of cleaned_transactions, or a "
        "Spark SQL expression over its columns.",
        examples=["customer_id"],
    )
    features: Texts = Field(
        [],
        description="The features of the segmentation; by default chosen from the data.",
        examples=[["recency", "log_frequency", "log_average_amount"]],
    )
    time_zone: (
        Annotated[str, AfterValidator(zone), Expected("an IANA name, such as Asia/Kolkata or UTC")]
        | None
    ) = Field(
        None,
        description="The bank's time zone, to which offsets, epochs and instants are converted.",
        examples=["Asia/Kolkata"],
    )
    on_conflict: Annotated[
        Literal["quarantine", "latest"], Expected("'quarantine' or 'latest'")
    ] = Field(
        "quarantine",
        description="Which row is kept if files contradict each other about a transaction: "
        "none (all are quarantined), or the row of the file ingested last.",
        examples=["latest"],
    )
    spending: Annotated[Literal["debit", "credit"], Expected("'debit' or 'credit'")] = Field(
        "debit",
        description="Which of [columns.debit] and [columns.credit] is the customer's spending.",
        examples=["credit"],
    )
    row_filters: Annotated[list[RowFilterTable], Expected("a list of tables")] = Field(
        [], description="Which rows are read; a row must pass every filter."
    )
    file: Annotated[TransactionsFile, Expected("a table")]
    columns: Annotated[TransactionColumns, Expected("a table")]
    holdings: Annotated[HoldingsTables, Expected("a table")] | None = Field(
        None, description="Optional: which customer holds which product."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "ContractFile":
        for fault in self._slips():
            raise fault
        return self

    def _slips(self) -> Iterator[PydanticCustomError]:
        others = CODES - {self.currency}
        if wrong := [text for text in self.currency_symbols if text.upper() in others]:
            yield slip(f"has {wrong}", "no code of another currency", "currency_symbols")
        if unknown := [name for name in self.features if name not in FEATURES]:
            yield slip(f"has {unknown}", f"some of {', '.join(FEATURES)}", "features")
        columns = self.columns
        if "spending" in self.model_fields_set and not (columns.debit or columns.credit):
            yield slip("is set", "[columns.debit] or [columns.credit]", "spending")
        own = {text.upper() for text in (*signs(self.currency), *self.currency_symbols)}
        for name in ("amount", "balance"):
            words = set(rule.words) if (rule := columns.rules().get(name)) else set()
            if both := sorted(words & own):
                yield slip(
                    f"has {both}", "no sign of the currency among its words", f"columns.{name}"
                )
        if columns.currency and self.currency in columns.currency.rule().rates:
            key = "columns.currency.rates"
            yield slip(f"has {self.currency!r}", "rates of other currencies only", key)
        instants = [f.text for f in columns.transaction_date.rule().readers if f.needs_time_zone]
        if instants and self.time_zone is None:
            yield slip(
                "is missing",
                f"the bank's time zone, such as Asia/Kolkata, because {instants[0]!r} in "
                "columns.transaction_date is an instant, not a local time",
                "time_zone",
            )

    def contract(self) -> DeliveryContract:
        """Return the contract as the platform reads it."""
        given: dict[str, Any] = {}
        if self.holdings:
            named = {"customer_id": self.holdings.customer_id, "product": self.holdings.product}
            given["holdings"] = {ours: column.rule() for ours, column in named.items()}
            if self.holdings.file:
                given["holdings_layout"] = self.holdings.file.layout()
        else:
            given["holdings"] = {ours: ColumnRule(ours) for ours in ("customer_id", "product")}
        return DeliveryContract(
            currency=self.currency,
            currency_symbols=tuple(self.currency_symbols),
            currency_decimals=self.currency_decimals,
            number_format=self.number_format,
            customer_key=self.customer_key,
            features=tuple(self.features),
            time_zone=self.time_zone or "",
            on_conflict=self.on_conflict,
            spending=self.spending,
            row_filters=tuple(table.row_filter() for table in self.row_filters),
            delimiter=self.file.delimiter,
            encoding=self.file.encoding,
            columns=self.columns.rules(),
            layout=self.file.layout(),
            **given,
        )


_OURS = frozenset(TransactionColumns.model_fields)


def _names_twice(table: BaseModel) -> Iterator[PydanticCustomError]:
    seen: dict[str, str] = {}
    for ours in type(table).model_fields:
        column = getattr(table, ours)
        if not isinstance(column, Column) or column.name is None:
            continue
        if column.name in seen:
            yield slip(f"is also {seen[column.name]}", "one column each", f"{ours}.name")
        seen[column.name] = ours
