"""Field texts are trimmed, IDs normalised, and placeholders recognised."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.field_text import (
    _DAMAGED_ID,
    INVISIBLE,
    identifier,
    is_invalid_id,
    is_missing_customer_id,
    is_missing_transaction_id,
    trimmed,
)
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.contracts.id_words import NO_ID

ANY = ColumnRule("id")
ODD = [*INVISIBLE, "\x00", "\x7f", "+", "e", "E", "1", "9", "0", ".", "-", "ü", "あ", " ", "!", "~"]


def test_trimmed_removes_every_invisible_character(spark: SparkSession) -> None:
    """Each of them, at both ends, several at once; inside a text they stay."""
    texts = [f"{one}a b{one}" for one in INVISIBLE]
    texts += [INVISIBLE, f"{INVISIBLE}a b", f"a b{INVISIBLE}", "a b", "\x1f\u00a0a b"]
    frame = spark.createDataFrame(list(enumerate(texts)), "n int, text string")
    found = [row[0] for row in frame.orderBy("n").select(trimmed(F.col("text"))).collect()]
    assert found == ["a b"] * len(INVISIBLE) + ["", "a b", "a b", "a b", "\x1f\u00a0a b"]


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        (" 17850.0", "", "17850"),
        ("0017850.0", "", "0017850"),
        ("1.0.2", "", "1.0.2"),
        ("1.00", "", "1.00"),
        ("C1.0", "", "C1.0"),
        ("12.0", "[0-9]+[.][0-9]", "12.0"),  # the pattern wants it
        ("17850.0", "[0-9]+", "17850"),
        (None, "", ""),
    ],
)
def test_identifier_is_one_spelling(
    spark: SparkSession, text: str | None, pattern: str, expected: str
) -> None:
    rule = ColumnRule("id", pattern=pattern)
    frame = spark.createDataFrame([(text,)], "text string")
    once = frame.select(identifier(F.col("text"), rule).alias("text"))
    (twice,) = once.select("text", identifier(F.col("text"), rule).alias("again")).collect()
    assert tuple(twice) == (expected, expected)


def test_missing_ids_are_words_for_nothing_in_any_case(spark: SparkSession) -> None:
    texts = [word.title() for word in NO_ID] + ["", "0", "000", "C0", "10", "NANA"]
    rows = spark.createDataFrame([(text,) for text in texts], "text string")
    text = F.col("text")
    found = rows.select(text, is_missing_customer_id(text), is_missing_transaction_id(text))
    answers = {row[0]: (row[1], row[2]) for row in found.collect()}
    assert {answers[word.title()] for word in NO_ID} == {(True, True)}
    assert [answers[one] for one in texts[-6:]] == [
        *[(True, True), (True, False), (True, False)],
        *[(False, False)] * 3,
    ]


@pytest.mark.parametrize(
    ("text", "is_invalid"),
    [("K 1", False), ("C\u200b1", True), ("C\t1", True), ("1.78E+11", True), ("1E1", False)],
)
def test_without_a_pattern_damaged_ids_are_invalid(
    spark: SparkSession, text: str, *, is_invalid: bool
) -> None:
    frame = spark.createDataFrame([(text,)], "text string")
    assert frame.select(is_invalid_id(F.col("text"), ANY)).collect()[0][0] == is_invalid


def test_quick_look_at_ids_finds_all_damaged_ones(spark: SparkSession) -> None:
    """Most IDs are sound by one short pattern; the verdict is that of the whole one for all."""
    ends = ["", *ODD, "1.5E+11", "1E+5", "2e+12"]
    texts = [f"{a}{b}{c}" for a in ends for b in ("7", "1.2E+1") for c in ends]
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    text = F.col("text")
    found = frame.select(is_invalid_id(text, ANY), text.rlike(_DAMAGED_ID)).collect()
    assert [quick for quick, _ in found] == [whole for _, whole in found]
    assert 100 < sum(quick for quick, _ in found) < len(found)
