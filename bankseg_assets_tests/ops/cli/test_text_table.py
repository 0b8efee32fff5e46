"""Tests of tables for the terminal."""

from ops.cli.text_table import aligned


def test_columns_are_aligned() -> None:
    rows = [("file", "rows", "note"), ("a.csv", "12", "")]
    assert aligned(rows, right=[1]) == ["file   rows  note", "a.csv    12"]
    assert aligned([]) == []
