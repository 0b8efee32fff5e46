"""Models of the column tables, each with the keys that apply to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from bankseg_assets.contracts.currencies import CODES
from bankseg_assets.contracts.date_formats import ambiguity, problem
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.contracts.toml.values import (
    Day,
    DecimalSeparator,
    Expected,
    HeaderName,
    Number,
    Pattern,
    Texts,
    ThousandsSeparator,
    TomlTable,
    Values,
    Whole,
    WordsBeside,
    YesNo,
    months,
    several_formats,
    slip,
    translated,
)


class Column(TomlTable):
    """How a column is found in a file, and which of its values mean "empty"."""

    name: HeaderName | None = Field(
        None, description="The name in the file's header.", examples=["TransactionID"]
    )
    names: Annotated[list[HeaderName], Expected("a list of the header's names")] | None = Field(
        None,
        description="Instead of name: several columns, whose values are joined. An ID with an "
        "empty part counts as missing, unless it has a pattern.",
        examples=[["Day", "Month", "Year"]],
    )
    joined_by: Annotated[str, Expected("a text, such as '-'")] = Field(
        " ", description="The separator between the joined values of names.", examples=["-"]
    )
    placeholders: Texts = Field(
        [], description='Values that mean "empty".', examples=[["nan", "N/A"]]
    )

    def named(self) -> Iterator[PydanticCustomError]:
        """Yield what is wrong with the names."""
        if self.name is None and self.names is None:
            yield slip("is missing", "the header's name", "name")
        elif self.name is not None and self.names is not None:
            yield slip("is set", "name or names, not both", "names")
        elif self.names is not None and len(set(self.names)) < 2:  # noqa: PLR2004
            yield slip(f"is {self.names!r}", "two different names or more", "names")
        elif "joined_by" in self.model_fields_set and self.names is None:
            yield slip("is set", "names, whose values it joins", "joined_by")

    def slips(self) -> Iterator[PydanticCustomError]:
        """Yield what is wrong between the keys."""
        yield from self.named()

    @model_validator(mode="after")
    def _consistent(self) -> "Column":
        for fault in self.slips():
            raise fault
        return self

    def rule(self) -> ColumnRule:
        """Return the column as the platform reads it."""
        given: dict[str, Any] = {key: getattr(self, key) for key in self.model_fields_set}
        given = {key: value for key, value in given.items() if value is not None}
        if self.names is not None:
            given["name"] = self.names[0]
        for key, value in given.items():
            if isinstance(value, list) and key != "values":
                given[key] = tuple(value)
        if isinstance(values := given.get("values"), list | dict):
            pairs = values if isinstance(values, dict) else {value: value for value in values}
            given["values"] = {delivered.upper(): said for delivered, said in pairs.items()}
        return ColumnRule(**given)


class _Nullable(TomlTable):
    nullable: YesNo = Field(False, description="Whether the value may be empty.", examples=[True])


class _Text(Column):
    pattern: Pattern = Field(
        "",
        description="A regular expression (Java syntax) that the whole value must match.",
        examples=["[A-Z]{0,4}[0-9]{1,18}"],
    )


class _Valued(TomlTable):
    values: Annotated[
        dict[str, str] | list[str],
        AfterValidator(translated),
        Expected("a list of texts, or a table of delivered = published texts"),
    ] = Field(
        [],
        description="The allowed values, ignoring case; a table maps delivered to published "
        "values.",
        examples=[["M", "F"], {"male": "M", "female": "F"}],
    )


class TransactionId(_Text):
    """The ID of a transaction; without the table, a row's whole content identifies it."""

    unique_per: (
        Annotated[Literal["file", "customer", "day"], Expected("'file', 'customer' or 'day'")]
        | None
    ) = Field(
        None,
        description="The scope in which an ID is unique, if it is not globally unique. With "
        "'file', as for IDs that begin at 1 in every file, the content of a row identifies its "
        "transaction.",
        examples=["customer"],
    )


class CustomerId(_Text):
    """The bank's number of a customer."""


class Gender(_Text, _Nullable, _Valued):
    """A customer's gender; may be left out."""


class Location(_Text, _Nullable):
    """Where the customer is; may be left out."""


class Product(_Text, _Valued):
    """A product that the customer holds."""


class _Dated(Column):
    _ours: ClassVar[str] = ""

    format: Annotated[str, Expected("text")] | None = Field(
        None,
        description="yyyy yy MMM MM M dd d HH H hh h mm ss SSS a XXX; numbers by the names that "
        "docs/reference/contract.md gives.",
        examples=["d/M/yyyy"],
    )
    formats: (
        Annotated[list[str], AfterValidator(several_formats), Expected("a list of formats")] | None
    ) = Field(
        None,
        description="In place of format: several, no two of which read a text differently.",
        examples=[["d/M/yyyy", "dd-MMM-yyyy"]],
    )

    def slips(self) -> Iterator[PydanticCustomError]:
        yield from self.named()
        if self.formats is None and self.format is None:
            yield slip("is missing", "text", "format")
        if self.formats is not None and self.format is not None:
            yield slip("is set", "format or formats, not both", "formats")
        key = "formats" if self.formats is not None else "format"
        for text in self.formats or [self.format or ""]:
            if expected := problem(text, self._ours):
                yield slip(f"is {text!r}", expected, key)
        if self.formats and (unclear := ambiguity(self.rule().readers)):
            text, first, second = unclear
            yield slip(
                f"reads {text!r} as {first:%Y-%m-%d %H:%M:%S} and as {second:%Y-%m-%d %H:%M:%S}",
                "formats of which no two read a text differently",
                "formats",
            )


class _Months(TomlTable):
    month_names: (
        Annotated[
            list[str],
            AfterValidator(months),
            Expected("twelve different names, from January to December"),
        ]
        | None
    ) = Field(
        None,
        description="The names of January to December as the bank writes them; by default English.",
        examples=[
            ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
        ],
    )


class BirthDate(_Dated, _Months, _Nullable):
    """The customer's birth date; optional."""

    _ours: ClassVar[str] = "birth_date"


class TransactionDate(_Dated, _Months):
    """The day of a transaction, or its day and time."""

    _ours: ClassVar[str] = "transaction_date"

    minimum: Day | None = Field(
        None, description="The earliest valid day.", examples=[date(2016, 1, 1)]
    )
    maximum: Day | None = Field(
        None, description="The latest valid day.", examples=[date(2016, 12, 31)]
    )


class TransactionTime(_Dated, _Nullable):
    """The time of day, if it is a separate column; optional."""

    _ours: ClassVar[str] = "transaction_time"


class _Money(Column):
    minimum: Number | None = Field(None, description="The smallest valid value.", examples=[0])
    maximum: Number | None = Field(None, description="The largest valid value.", examples=[1000000])
    decimal_separator: DecimalSeparator = Field(
        ".", description="The separator between whole units and decimals.", examples=[","]
    )
    thousands_separator: ThousandsSeparator = Field(
        "",
        description="The separator between groups of digits: a comma, a point, any space or an "
        "apostrophe. Without it, 1,234 is quarantined, because it may be 1.234 or 1234.",
        examples=[".", " "],
    )

    def slips(self) -> Iterator[PydanticCustomError]:
        yield from self.named()
        if self.thousands_separator == self.decimal_separator:
            yield slip(
                f"is {self.thousands_separator!r}, the same as decimal_separator",
                "two different ones, such as '.' for thousands and ',' for decimals",
                "thousands_separator",
            )
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:  # type: ignore[operator]
            yield slip(f"is {self.minimum}", f"at most the maximum, {self.maximum}", "minimum")


def _in_upper_case(rule: ColumnRule, *keys: str) -> ColumnRule:
    upper = {key: tuple(map(str.upper, getattr(rule, key))) for key in keys}
    return replace(rule, **upper)  # type: ignore[arg-type]


class Balance(_Money, _Nullable):
    """The account's balance at the transaction; optional."""

    negative_words: WordsBeside | None = Field(
        None,
        description="The words beside a negative balance, as in 2,000.00 Dr, ignoring case.",
        examples=[["Dr"]],
    )
    positive_words: WordsBeside | None = Field(
        None,
        description="With negative_words, the words beside other balances; by default none. "
        "An empty word in either list stands for a balance without a word.",
        examples=[["Cr"]],
    )

    def slips(self) -> Iterator[PydanticCustomError]:
        yield from super().slips()
        if self.positive_words and not self.negative_words:
            yield slip("is set", "negative_words, too", "positive_words")
        if self.negative_words:
            yield from _two_lists(self, "negative_words", "positive_words", default=("",))

    def rule(self) -> ColumnRule:
        found = super().rule()
        if found.negative_words and not found.positive_words:
            found = replace(found, positive_words=("",))
        return _in_upper_case(found, "negative_words", "positive_words")


class Amount(_Money):
    """The amount of a transaction."""

    spending: WordsBeside | None = Field(
        None,
        description="The words beside an amount that mean spending, as in 500.00 Dr, ignoring "
        "case. An empty word stands for an amount without a word, which is quarantined otherwise.",
        examples=[["Dr"]],
    )
    income: WordsBeside | None = Field(
        None,
        description="The words beside an amount that mean income.",
        examples=[["Cr"]],
    )
    negative: (
        Annotated[Literal["spending", "income"], Expected("'spending' or 'income'")] | None
    ) = Field(
        None,
        description="What a negative amount means, if the sign gives the direction. With words, "
        "sign and word must agree; without this setting, an amount with a word must not have a "
        "minus sign.",
        examples=["spending"],
    )

    def slips(self) -> Iterator[PydanticCustomError]:
        yield from super().slips()
        for key, other in (("spending", "income"), ("income", "spending")):
            if getattr(self, key) and not getattr(self, other):
                yield slip("is missing", f'the words of {other}, too; [""] for none', other)
        if self.spending and self.income:
            yield from _two_lists(self, "spending", "income")

    def rule(self) -> ColumnRule:
        return _in_upper_case(super().rule(), "spending", "income")


def _two_lists(
    table: Column, first: str, second: str, default: tuple[str, ...] = ()
) -> Iterator[PydanticCustomError]:
    """Yield what is wrong with two lists of words that mean the opposite of each other."""
    lists = [{text.upper() for text in getattr(table, key) or default} for key in (first, second)]
    if both := lists[0] & lists[1]:
        yield slip(f"has {sorted(both)}", f"no word of {first}", second)


class Part(_Money):
    """Amounts of one direction in a separate column: [columns.debit] or [columns.credit]."""

    negated: YesNo = Field(
        False,
        description="Whether the bank writes its amounts with a minus sign.",
        examples=[True],
    )


class Factor(_Money):
    """[columns.quantity] or [columns.unit_price]: the amount is their product."""


class Direction(Column, _Nullable):
    """A column that gives the direction of an amount: spending or income."""

    spending: Values = Field(
        description="The values that mean spending, ignoring case.", examples=[["D", "DR"]]
    )
    income: Values = Field(
        description="The values that mean income, ignoring case.", examples=[["C", "CR"]]
    )

    def slips(self) -> Iterator[PydanticCustomError]:
        yield from self.named()
        both = {text.upper() for text in self.spending} & {text.upper() for text in self.income}
        if both:
            yield slip(f"has {sorted(both)}", "no value of spending", "income")

    def rule(self) -> ColumnRule:
        return _in_upper_case(super().rule(), "spending", "income")


class CurrencyColumn(Column, _Nullable):
    """The currency code of a row's amount; if nullable, empty means the contract's currency."""

    rates: Annotated[dict[str, Number], Expected("a table of rates, such as { USD = 83.2 }")] = (
        Field(
            {},
            description="The value of one unit of another currency in the contract's. Rows in a "
            "currency without a rate are quarantined.",
            examples=[{"USD": Decimal("83.2"), "EUR": Decimal("90.1")}],
        )
    )
    converts: Annotated[
        list[Literal["amount", "balance"]], Expected("'amount', 'balance', or both")
    ] = Field(
        ["amount"],
        description="The values that are in the row's currency.",
        examples=[["amount", "balance"]],
    )

    def slips(self) -> Iterator[PydanticCustomError]:
        yield from self.named()
        if unknown := [code for code in self.rates if code.upper() not in CODES]:
            yield slip(f"has {unknown}", "codes of ISO 4217, such as USD", "rates")
        if wrong := [code for code, rate in self.rates.items() if not rate > 0]:
            yield slip(f"has {wrong}", "rates above 0", "rates")
        if not self.converts:
            yield slip("is []", "'amount', 'balance', or both", "converts")

    def rule(self) -> ColumnRule:
        found = super().rule()
        rates = {code.upper(): rate for code, rate in found.rates.items()}
        return ColumnRule(**{**found.__dict__, "rates": rates})


class Age(Column, _Nullable):
    """The customer's age in whole years, if the bank delivers no birth date."""

    minimum: Whole | None = Field(None, description="The lowest valid age.", examples=[18])
    maximum: Whole | None = Field(None, description="The highest valid age.", examples=[100])

    def rule(self) -> ColumnRule:
        found = super().rule()
        bounds = {
            key: None if (value := getattr(found, key)) is None else Decimal(value)
            for key in ("minimum", "maximum")
        }
        return ColumnRule(**{**found.__dict__, **bounds})
