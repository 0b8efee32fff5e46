"""Every row of a holdings file is accepted, or quarantined with the reason."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.field_text import INVISIBLE
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import PRODUCT_HOLDINGS, QUARANTINED_HOLDINGS, RAW_HOLDINGS
from bankseg_assets.products import holdings
from bankseg_assets.products.holdings import _UNUSUAL, _normalised, validate_holdings

CONTRACT = DeliveryContract().of_holdings()
Pair = tuple[str | None, str | None]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "SMALLEST_CELL", 2)


def validated(
    spark: SparkSession, pairs: list[Pair], contract: DeliveryContract = CONTRACT, **malformed: str
) -> tuple[list[tuple[str, str]], dict[int, str], dict[str, int], list[dict[str, Any]]]:
    """Return accepted rows, row number -> reason, product -> holders, and quarantined rows."""
    rows = [(*pair, "h.csv", "d1", n, None) for n, pair in enumerate(pairs, 2)]
    rows += [(None, None, "h.csv", "d1", int(n[1:]), text) for n, text in malformed.items()]
    found = validate_holdings(spark.createDataFrame(rows, RAW_HOLDINGS.ddl), contract)
    assert found.kept.columns == PRODUCT_HOLDINGS.names
    assert found.quarantined.columns == QUARANTINED_HOLDINGS.names
    kept = [(row["customer_id"], row["product"]) for row in found.kept.collect()]
    quarantined = [row.asDict() for row in found.quarantined.collect()]
    found.unpersist()
    assert len(kept) + len(quarantined) == len(rows)
    return (
        sorted(kept),
        {row["row_number"]: row["reason"] for row in quarantined},
        found.holders,
        sorted(quarantined, key=lambda row: row["row_number"]),
    )


@pytest.mark.slow
def test_valid_rows_are_kept_and_holders_counted(spark: SparkSession) -> None:
    pairs: list[Pair] = [("C1", "Loan"), ("C2", "Loan"), ("C3", "Loan"), ("C1", "Fund")]
    kept, reasons, holders, _ = validated(spark, [*pairs, ("C9", "Fund")])
    assert kept == sorted([*pairs, ("C9", "Fund")])
    assert reasons == {}
    assert list(holders.items()) == [("Loan", 3), ("Fund", 2)]


@pytest.mark.slow
def test_each_invalid_row_has_reason_and_text(spark: SparkSession) -> None:
    pairs: list[Pair] = [
        ("C1", "Loan"),
        ("C2", "Loan"),
        ("", "Loan"),
        (None, "Loan"),
        ("C3", " "),
        ("C4", "Rare"),
        (" C1 ", "Loan"),
    ]
    kept, reasons, _, quarantined = validated(spark, pairs, n99="C1,Loan,too many")
    assert kept == [("C1", "Loan"), ("C2", "Loan")]
    assert reasons == {
        4: "missing_customer_id",
        5: "missing_customer_id",
        6: "missing_product",
        7: "rare_product",
        8: "duplicate",
        99: "wrong_number_of_fields",
    }
    assert {row["row_number"]: row["disposition"] for row in quarantined} == dict.fromkeys(
        reasons, "quarantined"
    ) | {8: "duplicate"}
    texts = {row["row_number"]: row["raw_text"] for row in quarantined}
    assert texts[99] == "C1,Loan,too many"
    assert json.loads(texts[7]) == {"customer_id": "C4", "product": "Rare"}


@pytest.mark.slow
def test_ids_are_read_as_those_of_transactions(spark: SparkSession) -> None:
    """Otherwise holdings would silently match no customer."""
    ids = ["17850.0", "17850", "\u00a0C1\t", "C1", "\u200bC2", "NULL", "0"]
    kept, reasons, _, _ = validated(spark, [(one, "\ufeffLoan\u200b") for one in ids])
    assert kept == [("17850", "Loan"), ("C1", "Loan"), ("C2", "Loan")]
    assert reasons == {
        **dict.fromkeys([3, 5], "duplicate"),
        **dict.fromkeys([7, 8], "missing_customer_id"),
    }


@pytest.mark.slow
def test_spellings_of_product_are_one_under_most_frequent(spark: SparkSession) -> None:
    pairs: list[Pair] = [
        ("C1", "home  loan"),
        ("C2", "Home Loan"),
        ("C3", "Home\u00a0Loan "),
        ("C2", "HOME LOAN"),
    ]
    kept, reasons, holders, _ = validated(spark, pairs)
    assert kept == [("C1", "Home Loan"), ("C2", "Home Loan"), ("C3", "Home Loan")]
    assert reasons == {5: "duplicate"}
    assert holders == {"Home Loan": 3}


@pytest.mark.slow
def test_only_most_held_products_are_kept(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_PRODUCTS", 1)
    pairs: list[Pair] = [("C1", "A"), ("C2", "A"), ("C1", "B"), ("C2", "B"), ("C3", "B")]
    kept, reasons, _, _ = validated(spark, pairs)
    assert {product for _, product in kept} == {"B"}
    assert set(reasons.values()) == {"rare_product"}


@pytest.mark.slow
def test_account_numbers_as_products_are_quarantined(spark: SparkSession) -> None:
    kept, reasons, holders, _ = validated(spark, [(f"C{n}", f"ACC{n}") for n in range(30)])
    assert (kept, holders) == ([], {})
    assert set(reasons.values()) == {"rare_product"}


@pytest.mark.slow
def test_contract_limits_customers_and_products(spark: SparkSession) -> None:
    rules = {
        "customer_id": ColumnRule("customer", pattern="C[0-9]+", placeholders=("C0",)),
        "product": ColumnRule("product", values={"SAV": "Savings account", "LOAN": "Loan"}),
    }
    pairs: list[Pair] = [
        ("C1", "sav"),
        ("C2", "SAV"),
        ("X1", "SAV"),
        ("C0", "SAV"),
        ("C3", "CARD"),
    ]
    kept, reasons, _, _ = validated(spark, pairs, replace(CONTRACT, columns=rules))
    assert kept == [("C1", "Savings account"), ("C2", "Savings account")]
    assert reasons == {
        4: "invalid_customer_id",
        5: "missing_customer_id",
        6: "unknown_product",
    }


@pytest.mark.slow
def test_product_may_have_to_match_pattern(spark: SparkSession) -> None:
    rules = {"customer_id": ColumnRule("c"), "product": ColumnRule("p", pattern="[A-Z]+")}
    pairs: list[Pair] = [("C1", "SAV"), ("C2", "SAV"), ("C3", "12")]
    _, reasons, _, _ = validated(spark, pairs, replace(CONTRACT, columns=rules))
    assert reasons == {4: "invalid_product"}


@pytest.mark.slow
@pytest.mark.parametrize("product", ["P" * 101, "Lo\x01an"])
def test_invalid_product_name_is_quarantined(spark: SparkSession, product: str) -> None:
    _, reasons, _, _ = validated(spark, [("C1", product), ("C2", product)])
    assert reasons == {2: "invalid_product", 3: "invalid_product"}


@pytest.mark.slow
def test_empty_file_gives_empty_tables(spark: SparkSession) -> None:
    assert validated(spark, []) == ([], {}, {}, [])


def test_quick_look_at_products_finds_all_that_need_normalising(spark: SparkSession) -> None:
    ends = ["", *INVISIBLE, "  ", "\x00", "\x7f", "ü", "あ", "!", "~"]
    texts = [f"{a}Home{b}loan{a}{b}" for a in ends for b in ends]
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    text = F.col("text")
    found = frame.select(
        _normalised(text, text.rlike(_UNUSUAL)), _normalised(text, F.lit(True))
    ).collect()
    assert [quick for quick, _ in found] == [whole for _, whole in found]
    assert "Home loan" in {quick for quick, _ in found}
