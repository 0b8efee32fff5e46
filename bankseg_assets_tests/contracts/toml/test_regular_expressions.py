"""Patterns are Java's: what Spark cannot run is refused when the contract is loaded."""

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.toml.regular_expressions import pattern_problem

SOUND = (
    *(r"[A-Za-z]{0,8}[0-9]{1,18}", r"\p{Digit}+", r"\p{L}[\p{L}\p{Nd}]*", r"\pL+", r"\P{Punct}+"),
    *(r"(?<year>\d{4})-\k<year>", r"(?i)ab(?=c)(?<!x)", r"a++b*+", r"(?>a|b)c", r"[^,;]+"),
    *(
        r"\QA.B\E\d",
        r"\x{41}",
        r"\x41",
        r"\u0041",
        r"\p{IsAlphabetic}\p{IsLatin}",
        r"\h\R",
        r"[\w.-]",
    ),
    *(
        r"[\w.-]",
        r"\\\\P",
        r"a{2,}",
        r"",
        r"A|B",
        r"[\[\]]",
        r"\p{javaLowerCase}",
        r"\p{IsDevanagari}+",
    ),
)
FAULTY = (
    *(r"(?P<n>\d)", r"(?P=n)", r"(?(1)a|b)", r"(a", r"a)", r"[a", r"*a", r"a{2,1}"),
    *(r"(?<n>a)\k<m>", r"(?a)b", r"(?#x)a", r"\U00000041", r"(?<1>a)", r"\p{", r"\p{Nothing}"),
    *(r"a**", r"a{", r"\0", r"[\R]", r"[\k<n>]", r"\y"),
)
AMBIGUOUS = (r"[[a]b]", r"[a&&b]", r"[a[b]", r"[^x[:alpha:]]")
"""Java takes them, and reads other sets than most others do."""


@pytest.mark.parametrize("pattern", SOUND)
def test_patterns_that_java_runs_are_accepted(spark: SparkSession, pattern: str) -> None:
    assert pattern_problem(pattern) == ""
    assert spark.range(1).select(F.lit("").rlike(pattern)).collect()


@pytest.mark.slow
@pytest.mark.parametrize("pattern", FAULTY)
def test_patterns_that_java_cannot_run_are_refused(spark: SparkSession, pattern: str) -> None:
    assert pattern_problem(pattern)
    with pytest.raises(PySparkException):
        spark.range(1).select(F.lit("").rlike(pattern)).collect()


@pytest.mark.parametrize("pattern", AMBIGUOUS)
def test_sets_within_sets_are_refused(pattern: str) -> None:
    assert "set within a set" in pattern_problem(pattern)
