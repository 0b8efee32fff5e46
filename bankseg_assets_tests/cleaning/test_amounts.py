"""Amounts and directions are computed from the columns that a bank delivers."""

import re
from collections import Counter
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.amounts import has_direction
from bankseg_assets.cleaning.outliers import outlier_fences
from bankseg_assets.cleaning.validation import measures, validate
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets_tests.cleaning.test_cases import validated as validated_case
from bankseg_assets_tests.cleaning.test_validation import NOT_AFTER
from bankseg_assets_tests.frames import raw_frame

pytestmark = pytest.mark.slow

SHIPPED = DeliveryContract()
Found = tuple[str | None, str | None]
"""The amount and its direction, or the reason and nothing."""


def contract(without: tuple[str, ...] = (), **changes: Any) -> DeliveryContract:
    """Return the shipped contract with other columns; `amount` may be negative.

    Keyword arguments that are rules are columns; others are settings of the contract.
    """
    amount = replace(SHIPPED.columns["amount"], minimum=None)
    columns = {**SHIPPED.columns, "amount": amount}
    columns |= {name: rule for name, rule in changes.items() if isinstance(rule, ColumnRule)}
    kept = {name: rule for name, rule in columns.items() if name not in without}
    settings = {n: value for n, value in changes.items() if not isinstance(value, ColumnRule)}
    return replace(SHIPPED, columns=kept, **settings)


def read(spark: SparkSession, by: DeliveryContract, rows: list[dict[str, Any]]) -> list[Found]:
    """Return the cleaned result of rows whose other columns are sound."""
    unused = {} if "amount" in by.columns else {"amount": None}
    frame = raw_frame(spark, [{"balance": "9"} | unused | row for row in rows])
    found = validate(frame, by, not_after=F.lit(NOT_AFTER)).collect()
    return [
        (row["reason"], None) if row["reason"] else (f"{row['amount']:f}", row["direction"])
        for row in sorted(found, key=lambda row: row["row_number"])
    ]


def check(
    spark: SparkSession, by: DeliveryContract, expected: list[tuple[dict[str, Any], Found]]
) -> None:
    """Compare all rows in one pass."""
    found = read(spark, by, [row for row, _ in expected])
    pairs = [(row, one, right) for (row, right), one in zip(expected, found, strict=True)]
    assert [pair for pair in pairs if pair[1] != pair[2]] == []


def reason(code: str) -> Found:
    return code, None


def sides(debit: str | None, credit: str | None) -> dict[str, Any]:
    return {"debit": debit, "credit": credit}


def test_debit_and_credit_give_amount_and_direction(spark: SparkSession) -> None:
    debit = ColumnRule("Debit", placeholders=("-",), thousands_separator=",")
    by = contract(("amount",), debit=debit, credit=ColumnRule("Credit", minimum=Decimal(0)))
    check(
        spark,
        by,
        [
            (sides("1,159.58", ""), ("1159.58", "spending")),
            (sides(None, "86.01"), ("86.01", "income")),
            # Unused columns of other exports.
            (sides("0.00", "5"), ("5.00", "income")),
            (sides("5", "0"), ("5.00", "spending")),
            (sides("-", "5"), ("5.00", "income")),
            (sides("\u00a05 ", " "), ("5.00", "spending")),
            # A reversal, and an amount of zero.
            (sides("-5", ""), ("-5.00", "spending")),
            (sides("0", ""), ("0.00", "spending")),
            (sides("", "0.00"), ("0.00", "income")),
            (sides("5", "7"), reason("debit_and_credit")),
            (sides("5", "-5"), reason("invalid_credit")),
            (sides("", ""), reason("missing_amount")),
            (sides(None, None), reason("missing_amount")),
            (sides("-", None), reason("missing_amount")),
            (sides("0.00", "0"), reason("missing_amount")),
            (sides("x", ""), reason("invalid_debit")),
            (sides("x", "5"), reason("invalid_debit")),
            (sides("5", "NaN"), reason("invalid_credit")),
            (sides("5.005", ""), reason("debit_with_too_many_decimals")),
            (sides("", "USD 5"), reason("credit_in_other_currency")),
            (sides("9" * 15, ""), reason("implausible_debit")),
        ],
    )


def test_the_contract_says_which_side_is_spending(spark: SparkSession) -> None:
    """A bank's own books debit the customer's account; a card's statement credits it."""
    rule = ColumnRule("x", decimal_separator=",")
    by = contract(("amount",), debit=rule, credit=rule, spending="credit")
    check(
        spark,
        by,
        [(sides("1,5", ""), ("1.50", "income")), (sides("", "1,5"), ("1.50", "spending"))],
    )


def test_a_negated_side_is_turned_before_its_bounds(spark: SparkSession) -> None:
    debit = ColumnRule("Debit", negated=True, minimum=Decimal(0), maximum=Decimal(100))
    by = contract(("amount", "balance"), debit=debit, credit=ColumnRule("Credit"))
    check(
        spark,
        by,
        [
            (sides("-5", ""), ("5.00", "spending")),
            (sides("(5.50)", "0"), ("5.50", "spending")),
            (sides("5", ""), reason("invalid_debit")),
            (sides("-100.01", ""), reason("invalid_debit")),
            (sides("0", "7"), ("7.00", "income")),
        ],
    )


def test_bounds_are_not_of_the_unused_side(spark: SparkSession) -> None:
    rule = ColumnRule("x", minimum=Decimal("0.01"), maximum=Decimal(100))
    check(
        spark,
        contract(("amount",), debit=rule, credit=rule),
        [
            (sides("0.00", "5"), ("5.00", "income")),
            (sides("5", "0"), ("5.00", "spending")),
            (sides("0", ""), reason("invalid_debit")),
            (sides("0", "101"), reason("invalid_credit")),
            (sides("-5", "0"), reason("invalid_debit")),
        ],
    )


def test_one_side_alone_is_enough(spark: SparkSession) -> None:
    by = contract(("amount",), credit=ColumnRule("Deposits"))
    check(
        spark,
        by,
        [
            ({"credit": "5"}, ("5.00", "income")),
            ({"credit": "0"}, ("0.00", "income")),
            ({"credit": ""}, reason("missing_amount")),
        ],
    )


def test_direction_words_are_compared_without_case(spark: SparkSession) -> None:
    words = ColumnRule("Dr/Cr", spending=("D", "SALIDA"), income=("C", "ABONO"))
    rows: list[tuple[dict[str, Any], Found]] = [
        ({"direction": "D"}, ("25.00", "spending")),
        ({"direction": " salida\u00a0"}, ("25.00", "spending")),
        ({"direction": "Abono"}, ("25.00", "income")),
        ({"direction": "c", "amount": "-25"}, ("-25.00", "income")),
        ({"direction": "X"}, reason("invalid_direction")),
    ]
    nothing = [{"direction": text} for text in ("", None, "  ")]
    refused = [(row, reason("invalid_direction")) for row in nothing]
    check(spark, contract(direction=words), [*rows, *refused])
    unknown: list[tuple[dict[str, Any], Found]] = [(row, ("25.00", None)) for row in nothing]
    check(spark, contract(direction=replace(words, nullable=True)), [*rows, *unknown])


def test_an_empty_direction_may_be_a_word(spark: SparkSession) -> None:
    """Statements that mark only deposits."""
    words = ColumnRule("Mark", spending=("",), income=("CR",), placeholders=("n/a",))
    rows: list[tuple[dict[str, Any], Found]] = [
        ({"direction": "Cr"}, ("25.00", "income")),
        *(({"direction": text}, ("25.00", "spending")) for text in ("", None, "n/a")),
        ({"direction": "DR"}, reason("invalid_direction")),
    ]
    check(spark, contract(direction=words), rows)


def signed(kind: Literal["spending", "income"], **changes: Any) -> DeliveryContract:
    return contract(amount=replace(SHIPPED.columns["amount"], negative=kind, **changes))


def test_the_sign_may_say_the_direction(spark: SparkSession) -> None:
    by = signed("spending", maximum=Decimal(100))  # and the shipped minimum, 0
    check(
        spark,
        by,
        [
            ({"amount": "-5"}, ("5.00", "spending")),
            ({"amount": "(5)"}, ("5.00", "spending")),
            ({"amount": "7.5"}, ("7.50", "income")),
            ({"amount": "0"}, ("0.00", "spending")),
            ({"amount": "-0.00"}, ("0.00", "spending")),
            ({"amount": "-100.01"}, reason("invalid_amount")),
            ({"amount": ""}, reason("invalid_amount")),
        ],
    )
    check(
        spark,
        signed("income"),
        [
            ({"amount": "-5"}, ("5.00", "income")),
            ({"amount": "7.5"}, ("7.50", "spending")),
            ({"amount": "0"}, ("0.00", "spending")),
            ({"amount": "-" + "9" * 15}, reason("implausible_amount")),
        ],
    )


def parts(quantity: str, unit_price: str) -> dict[str, Any]:
    return {"quantity": quantity, "unit_price": unit_price}


def products(**changes: Any) -> DeliveryContract:
    quantity = ColumnRule("Qty", minimum=Decimal(-1000), placeholders=("none",))
    price = ColumnRule("Price", minimum=Decimal(0), thousands_separator=",")
    return contract(("amount",), quantity=quantity, unit_price=price, **changes)


def test_quantity_times_price_is_the_amount(spark: SparkSession) -> None:
    check(
        spark,
        products(),
        [
            (parts("3", "1.5"), ("4.50", None)),
            (parts("0.333", "1,000.10"), ("333.03", None)),
            (parts("1.005", "1"), ("1.01", None)),  # half up
            (parts("-1.005", "1"), ("-1.01", None)),
            (parts("2.00000001", "1.234567"), ("2.47", None)),
            (parts("0.30000000000000004", "10"), ("3.00", None)),
            (parts("0", "5"), ("0.00", None)),
            (parts("-1000", "5"), ("-5000.00", None)),
            (parts("-1001", "5"), reason("invalid_quantity")),
            (parts("", "5"), reason("invalid_quantity")),
            (parts("none", "5"), reason("invalid_quantity")),
            (parts("x", "5"), reason("invalid_quantity")),
            (parts("USD 3", "5"), reason("invalid_quantity")),
            (parts("3", ""), reason("invalid_unit_price")),
            (parts("3", "-5"), reason("invalid_unit_price")),
            (parts("3", "EUR 5"), reason("unit_price_in_other_currency")),
            (parts("3", "1.2345678"), reason("unit_price_with_too_many_decimals")),
            (parts("1.123456789", "1"), reason("quantity_with_too_many_decimals")),
        ],
    )


@pytest.mark.parametrize("rates", [None, {"USD": Decimal("1E+9"), "XAF": Decimal("1e-15")}])
def test_no_product_fails_the_query(spark: SparkSession, rates: dict[str, Decimal] | None) -> None:
    """Too large for an amount, or for any Spark type: the row is quarantined."""
    more = {"currency": ColumnRule("Ccy", nullable=True, rates=rates)} if rates else {}
    digits = ["1" * 7, "9" * 10, "9" * 13, "9" * 15, "9" * 400, "1e14", "-" + "9" * 10]
    rows = [
        {**parts(quantity, price), "currency": code}
        for quantity in digits
        for price in digits
        for code in (["", "USD", "XAF"] if rates else [None])
    ]
    found = read(spark, products(**more), rows)
    allowed = {"implausible_amount", "invalid_quantity", "invalid_unit_price"}
    assert {code for code, direction in found if not str(code).lstrip("-")[0].isdigit()} <= allowed
    assert found[0][0] == "1234567654321.00"
    largest = max(Decimal(str(c)) for c, _ in found if str(c).lstrip("-")[0].isdigit())
    assert largest <= 10**14


def test_a_product_may_have_a_direction(spark: SparkSession) -> None:
    words = ColumnRule("Type", spending=("BUY",), income=("SELL",))
    check(
        spark,
        products(direction=words),
        [
            ({**parts("2", "5"), "direction": "buy"}, ("10.00", "spending")),
            ({**parts("2", "5"), "direction": "sell"}, ("10.00", "income")),
        ],
    )


RATES = {"usd": Decimal("83.2"), "JPY": Decimal("0.55"), "KWD": Decimal("270.123456")}


def in_currency(amount: str, code: str | None, balance: str = "9") -> dict[str, Any]:
    return {"amount": amount, "currency": code, "balance": balance}


def test_amounts_are_converted_by_the_row_currency(spark: SparkSession) -> None:
    by = contract(currency=ColumnRule("Ccy", rates=RATES))
    by = replace(by, currency_symbols=("Rupees",))
    check(
        spark,
        # `currency` is a column here, and the contract's own currency is INR.
        by,
        [
            (in_currency("5", "INR"), ("5.00", None)),
            (in_currency("5", " inr\t"), ("5.00", None)),
            (in_currency("5", "rupees"), ("5.00", None)),
            (in_currency("5", "USD"), ("416.00", None)),
            (in_currency("-0.05", "usd"), ("-4.16", None)),
            (in_currency("0.01", "Usd"), ("0.83", None)),  # 0.832
            (in_currency("1", "KWD"), ("270.12", None)),
            # The decimals are those of the row's currency.
            (in_currency("1.005", "KWD"), ("271.47", None)),
            (in_currency("1.0050", "KWD"), ("271.47", None)),
            (in_currency("1.0005", "KWD"), reason("amount_with_too_many_decimals")),
            (in_currency("1.005", "USD"), reason("amount_with_too_many_decimals")),
            (in_currency("1.005", "INR"), reason("amount_with_too_many_decimals")),
            (in_currency("100", "JPY"), ("55.00", None)),
            (in_currency("100.5", "JPY"), reason("amount_with_too_many_decimals")),
            (in_currency("5", "EUR"), reason("amount_in_other_currency")),
            (in_currency("5", "x"), reason("amount_in_other_currency")),
            (in_currency("5", ""), reason("missing_currency")),
            (in_currency("5", None), reason("missing_currency")),
            (in_currency("x", "USD"), reason("invalid_amount")),
            (in_currency("9" * 14, "USD"), reason("implausible_amount")),
            (in_currency("9" * 15, "KWD"), reason("implausible_amount")),
        ],
    )


def test_balances_are_converted_where_the_contract_says(spark: SparkSession) -> None:
    rule = ColumnRule("Ccy", nullable=True, rates=RATES)
    rows = [in_currency("5", code, "2.5") for code in ("USD", "INR", "", "EUR")]
    rows.append(in_currency("5", "USD", ""))
    balances = {
        ("amount",): [("416.00", "2.50"), ("5.00", "2.50"), ("5.00", "2.50")],
        ("balance",): [("5.00", "208.00"), ("5.00", "2.50"), ("5.00", "2.50")],
        ("amount", "balance"): [("416.00", "208.00"), ("5.00", "2.50"), ("5.00", "2.50")],
    }
    for converts, expected in balances.items():
        by = contract(currency=replace(rule, converts=converts))
        found = validate(raw_frame(spark, rows), by, not_after=F.lit(NOT_AFTER)).collect()
        *sound, other, empty = sorted(found, key=lambda row: row["row_number"])
        assert [(str(row["amount"]), str(row["balance"])) for row in sound] == expected
        assert {row["reason"] for row in (*sound, empty)} == {None}
        assert empty["balance"] is None
        assert other["reason"] == f"{converts[0]}_in_other_currency"


def test_debits_and_products_are_converted_too(spark: SparkSession) -> None:
    currency = ColumnRule("Ccy", nullable=True, rates=RATES)
    debit = ColumnRule("Debit", negated=True)
    by = contract(("amount",), debit=debit, credit=ColumnRule("Credit"), currency=currency)
    check(
        spark,
        by,
        [
            ({**sides("-5", ""), "currency": "USD"}, ("416.00", "spending")),
            ({**sides("", "100"), "currency": "JPY"}, ("55.00", "income")),
            ({**sides("-5", ""), "currency": None}, ("5.00", "spending")),
            ({**sides("-5", ""), "currency": "EUR"}, reason("amount_in_other_currency")),
        ],
    )
    # Rounded once: 2 x 12.34 yen is not a whole number, and need not be.
    yen = products(currency=replace(currency, rates={"USD": Decimal(150)}), currency_decimals=0)
    check(
        spark,
        yen,
        [
            ({**parts("2", "12.34"), "currency": "USD"}, ("3702.00", None)),
            ({**parts("2", "12.34"), "currency": "INR"}, ("25.00", None)),
        ],
    )


@settings(max_examples=5, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            # Products below the greatest amount that is plausible.
            st.decimals(-(10**4), 10**4, places=2),
            st.decimals(0, 10**5, places=6),
            st.sampled_from(["INR", "USD", "KWD", "JPY"]),
        ),
        min_size=20,
        max_size=60,
    )
)
def test_products_are_rounded_as_decimals_are(
    spark: SparkSession, rows: list[tuple[Decimal, Decimal, str]]
) -> None:
    by = contract(
        ("amount",),
        quantity=ColumnRule("Qty"),
        unit_price=ColumnRule("Price"),
        currency=ColumnRule("Ccy", rates=RATES),
    )
    rates = {code.upper(): rate for code, rate in RATES.items()} | {"INR": Decimal(1)}
    written = [{**parts(f"{q:f}", f"{p:f}"), "currency": code} for q, p, code in rows]
    exact = [q * p * rates[code] for q, p, code in rows]
    cent = Decimal("0.01")
    found = read(spark, by, written)
    for value, (amount, _) in zip(exact, found, strict=True):
        assert amount is not None
        right = value.quantize(cent, ROUND_HALF_UP)
        # A tie of more decimals than Spark multiplies with may be rounded before.
        assert abs(Decimal(amount) - right) <= (cent if abs(value * 100 % 1) == 0.5 else 0)


DECIMALS = "amount_with_too_many_decimals"


@pytest.mark.parametrize(
    ("currency", "decimals", "expected"),
    [
        (
            "JPY",
            None,
            {"500": "500.00", "500.00": "500.00", "500.5": DECIMALS, "500.0000001": DECIMALS},
        ),
        ("KWD", None, {"1.005": "1.005", "1.0050": "1.005", "1": "1.000", "1.0005": DECIMALS}),
        ("KWD", 2, {"1.005": DECIMALS, "1.5": "1.50"}),
        ("CLF", None, {"1.0005": "1.0005", "0.1": "0.1000", "1.00005": DECIMALS}),
        ("INR", 4, {"12.3456": "12.3456", "12.34567": DECIMALS, "9" * 14: "9" * 14 + ".0000"}),
        ("EUR", 1, {"1.5": "1.50", "1.55": DECIMALS}),
        ("KWD", None, {"KWD 1.005": "1.005", "1.0049999999999999": "1.005", "(1.5)": "-1.500"}),
    ],
)
def test_amounts_have_the_decimals_of_the_currency(
    spark: SparkSession, currency: str, decimals: int | None, expected: dict[str, str]
) -> None:
    by = replace(contract(), currency=currency, currency_decimals=decimals)
    check(spark, by, [({"amount": text}, (right, None)) for text, right in expected.items()])


def test_ages_are_whole_years(spark: SparkSession) -> None:
    rule = ColumnRule("Age", nullable=True, placeholders=("999",), maximum=Decimal(100))
    texts: dict[str | None, Any] = {
        **{"35": 35, "0": 0, "35.0": 35, "035": 35, " 7\t": 7, "100": 100},
        **dict.fromkeys(("", None, "999"), None),
        **dict.fromkeys(
            ("101", "111", "-1", "35.5", "x", "1e1", "35 years", "4000"), "invalid_age"
        ),
    }
    by = contract(("birth_date",), age=rule)
    found = validate(
        raw_frame(spark, [{"age": text} for text in texts]), by, not_after=F.lit(NOT_AFTER)
    ).collect()
    rows = sorted(found, key=lambda row: row["row_number"])
    assert [row["reason"] or row["age"] for row in rows] == list(texts.values())
    assert {row["birth_date"] for row in rows} == {None}
    strict = replace(by, columns={**by.columns, "age": ColumnRule("Age", minimum=Decimal(18))})
    found = validate(
        raw_frame(spark, [{"age": text} for text in ("", "17", "18", "110", "111")]),
        strict,
        not_after=F.lit(NOT_AFTER),
    ).collect()
    rows = sorted(found, key=lambda row: row["row_number"])
    invalid = "invalid_age"
    assert [row["reason"] or row["age"] for row in rows] == [invalid, invalid, 18, 110, invalid]


def test_the_shipped_contract_gets_no_new_expression(spark: SparkSession) -> None:
    rows = validate(raw_frame(spark, [{}]), SHIPPED, not_after=F.lit(NOT_AFTER))
    tree = rows._jdf.queryExecution().optimizedPlan().toString()
    # The scan names all columns until it is planned.
    plan = "\n".join(line for line in tree.splitlines() if "LogicalRDD" not in line)
    new = ("debit", "credit", "direction", "quantity", "unit_price", "currency", "age")
    used = re.sub(r"null AS \w+#", "", plan)
    assert [name for name in new if re.search(rf"\b_?{name}#", used)] == []
    (row,) = rows.collect()
    assert (row["age"], row["direction"], has_direction(SHIPPED)) == (None, None, False)


def test_fences_know_amounts_of_two_columns(spark: SparkSession) -> None:
    by = contract(("amount",), debit=ColumnRule("Debit"), credit=ColumnRule("Credit"))
    rows = [
        {"amount": None, **sides(*((str(n + 1), "") if n % 2 else ("", str(n + 1))))}
        for n in range(120)
    ]
    validated = validate(raw_frame(spark, rows), by, not_after=F.lit(NOT_AFTER))
    assert "amount" in outlier_fences(validated, by)["d1"]


@pytest.mark.parametrize(
    ("by", "row"),
    [
        (contract(), {"amount": "\u00a05 "}),
        (signed("spending"), {"amount": " -5"}),
        (
            contract(("amount",), debit=ColumnRule("Debit"), credit=ColumnRule("Credit")),
            {"amount": None} | sides("\u200b", "7 \u00a0"),
        ),
        (products(), {"amount": None} | parts(" 2", "\ufeff1,000.5\t")),
        (
            contract(currency=ColumnRule("Ccy", rates={"EUR": Decimal(90)})),
            in_currency(" 2", "\u00a0eur "),
        ),
    ],
)
def test_measures_are_those_of_validated_rows(
    spark: SparkSession, by: DeliveryContract, row: dict[str, Any]
) -> None:
    """Whatever the columns that make an amount, each is trimmed."""
    rows = raw_frame(spark, [{"balance": "\u00a09 "} | row, {"balance": ""} | row])
    validated = validate(rows, by, not_after=F.lit(NOT_AFTER))
    expected = validated.select("delivery", "amount", "balance").collect()
    assert [one["amount"] is None for one in expected] == [False, False]
    assert measures(rows, by).collect() == expected


def test_debit_and_credit_of_a_case_are_accepted(spark: SparkSession, tmp_path: Path) -> None:
    by = contract(("amount",), debit=ColumnRule("Debit"), credit=ColumnRule("Credit"))
    rows = validated_case(spark, tmp_path, "28-crdr", by)
    found = rows.select("reason", "direction", "amount").collect()
    assert {row["reason"] for row in found} == {None}
    assert min(row["amount"] for row in found) > 0
    assert set(Counter(row["direction"] for row in found)) == {"spending", "income"}


def test_words_beside_an_amount_say_its_direction(spark: SparkSession) -> None:
    amount = ColumnRule(
        "Amount", thousands_separator=",", spending=("DR", "(D)"), income=("CR", "HABEN", "PAID IN")
    )
    by = contract(amount=amount)
    check(
        spark,
        by,
        [
            ({"amount": "1,234.56 Cr"}, ("1234.56", "income")),
            ({"amount": "500.00Dr"}, ("500.00", "spending")),
            ({"amount": "DR 500"}, ("500.00", "spending")),
            ({"amount": "dr500"}, ("500.00", "spending")),
            ({"amount": "\u20b9500.00\u00a0CR."}, ("500.00", "income")),
            ({"amount": "Rs.500/- Dr"}, ("500.00", "spending")),
            ({"amount": "Dr. INR 5"}, ("5.00", "spending")),
            ({"amount": "5.00 (D)"}, ("5.00", "spending")),
            ({"amount": "+5.00 haben"}, reason("invalid_amount")),
            ({"amount": ".47haben"}, ("0.47", "income")),
            ({"amount": "0.00 Dr"}, ("0.00", "spending")),
            ({"amount": "5 paid\u00a0in"}, ("5.00", "income")),
            ({"amount": "1E+2Dr"}, ("100.00", "spending")),
            # No word, another one, two, or a sign beside a word.
            ({"amount": "500.00"}, reason("invalid_direction")),
            ({"amount": "0.00"}, reason("invalid_direction")),
            ({"amount": "500 XX"}, reason("invalid_amount")),
            ({"amount": "500 D"}, reason("invalid_amount")),
            ({"amount": "5 Dr Cr"}, reason("invalid_amount")),
            ({"amount": "Dr 5 Cr"}, reason("invalid_amount")),
            ({"amount": "-5 Dr"}, reason("invalid_amount")),
            ({"amount": "(5) Cr"}, reason("invalid_amount")),
            ({"amount": "5\u2212 Cr"}, reason("invalid_amount")),
            ({"amount": "Dr.500"}, reason("invalid_amount")),
            ({"amount": "Dr"}, reason("invalid_amount")),
            ({"amount": "5\x1f00 Dr"}, reason("invalid_amount")),
            ({"amount": ""}, reason("invalid_amount")),
            ({"amount": "5.005 Dr"}, reason("amount_with_too_many_decimals")),
            ({"amount": "USD 5 Dr"}, reason("amount_in_other_currency")),
            ({"amount": "9" * 15 + " Dr"}, reason("implausible_amount")),
        ],
    )
    assert has_direction(by)


def test_missing_word_beside_an_amount_gives_its_direction(spark: SparkSession) -> None:
    """Card statements mark only payments; German ones write S and H."""
    amount = ColumnRule("Betrag", decimal_separator=",", thousands_separator=".")
    card = replace(amount, spending=("",), income=("CR",))
    german = replace(amount, spending=("S",), income=("H",))
    check(
        spark,
        contract(amount=card),
        [
            ({"amount": "1.500,00 CR"}, ("1500.00", "income")),
            ({"amount": "1.500,00"}, ("1500.00", "spending")),
            ({"amount": "7"}, ("7.00", "spending")),
            ({"amount": "-7"}, reason("invalid_amount")),
            ({"amount": "7 DR"}, reason("invalid_amount")),
            ({"amount": ""}, reason("invalid_amount")),
        ],
    )
    check(
        spark,
        contract(amount=german),
        [
            ({"amount": "500,00 S"}, ("500.00", "spending")),
            ({"amount": "500,00 h"}, ("500.00", "income")),
            ({"amount": "500,00 SX"}, reason("invalid_amount")),
        ],
    )


def test_words_beside_a_balance_say_its_sign(spark: SparkSession) -> None:
    rule = ColumnRule(
        "Balance",
        nullable=True,
        thousands_separator=",",
        negative_words=("DR",),
        positive_words=("CR",),
    )
    texts: dict[str, str | None] = {
        **{"2,000.00 Dr": "-2000.00", "2,000.00Cr": "2000.00", "0.00": "0.00", "0 Dr": "0.00"},
        **{"-0.00": "0.00", "500/- Dr": "-500.00"},
        **{"Cr INR 5": "5.00", "": None, "5": "invalid_balance", "-5 Dr": "invalid_balance"},
        **{"-5 Cr": "invalid_balance", "5 XX": "invalid_balance"},
    }
    assert balances(spark, contract(balance=rule), list(texts)) == texts
    unmarked = replace(rule, positive_words=("",))
    texts = {"5": "5.00", "5 Dr": "-5.00", "5 Cr": "invalid_balance", "-5": "invalid_balance"}
    assert balances(spark, contract(balance=unmarked), list(texts)) == texts
    bounded = replace(rule, minimum=Decimal(-100))
    texts = {"100 Dr": "-100.00", "101 Dr": "invalid_balance"}
    assert balances(spark, contract(balance=bounded), list(texts)) == texts


def balances(spark: SparkSession, by: DeliveryContract, texts: list[str]) -> dict[str, str | None]:
    """Return text -> the balance or the reason."""
    frame = raw_frame(spark, [{"balance": text} for text in texts])
    rows = validate(frame, by, not_after=F.lit(NOT_AFTER)).collect()
    rows.sort(key=lambda row: row["row_number"])
    found = [
        row["reason"] or (None if row["balance"] is None else f"{row['balance']:f}") for row in rows
    ]
    return dict(zip(texts, found, strict=True))


def test_sign_may_repeat_the_currency_column(spark: SparkSession) -> None:
    rates = {"USD": Decimal(80), "JPY": Decimal("0.5")}
    by = contract(currency=ColumnRule("Currency", nullable=True, rates=rates))
    rows = {
        ("USD", "USD 5"): "400.00",
        ("usd", "$5.25"): "420.00",
        ("USD", "-5 US$"): "-400.00",
        ("USD", "5"): "400.00",
        ("JPY", "\u00a5500"): "250.00",
        ("", "INR 5"): "5.00",
        ("INR", "\u20b95"): "5.00",
        ("USD", "\u20b95"): "amount_in_other_currency",
        ("USD", "\u00a55"): "amount_in_other_currency",
        ("USD", "EUR 5"): "amount_in_other_currency",
        ("", "USD 5"): "amount_in_other_currency",
        ("INR", "$5"): "amount_in_other_currency",
        ("EUR", "EUR 5"): "amount_in_other_currency",
        ("JPY", "JPY 5.5"): "amount_with_too_many_decimals",
    }
    check(
        spark,
        by,
        [
            ({"currency": code, "amount": text}, (right, None))
            for (code, text), right in rows.items()
        ],
    )
    # The balance is the account's, in the bank's own currency.
    own = [
        ({"currency": "USD", "amount": "5", "balance": "$5"}, reason("balance_in_other_currency"))
    ]
    check(spark, by, own)


def test_sign_and_word_of_an_amount_must_agree(spark: SparkSession) -> None:
    amount = ColumnRule("Amount", negative="spending", spending=("DR",), income=("CR",))
    check(
        spark,
        contract(amount=replace(amount, maximum=Decimal(100))),
        [
            ({"amount": "-5.00 Dr"}, ("5.00", "spending")),
            ({"amount": "(5) DR"}, ("5.00", "spending")),
            ({"amount": "5 Cr"}, ("5.00", "income")),
            ({"amount": "Rs. 5/- Cr"}, ("5.00", "income")),
            ({"amount": "0 Dr"}, ("0.00", "spending")),
            ({"amount": "0 Cr"}, ("0.00", "income")),
            ({"amount": "5 Dr"}, reason("invalid_direction")),
            ({"amount": "-5 Cr"}, reason("invalid_direction")),
            ({"amount": "-5"}, reason("invalid_direction")),
            ({"amount": "-101 Dr"}, reason("invalid_amount")),
        ],
    )
