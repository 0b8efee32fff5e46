"""Tests of table cells as plain text."""

import pytest
from streamlit.testing.v1 import AppTest


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (">99.9%", "\\>99.9%"),
        ("# 1 BAZAAR", "\\# 1 BAZAAR"),
        ("- PUNE", "\\- PUNE"),
        ("12. STREET", "12\\. STREET"),
        ("[GOA](https://evil.example)", "\\[GOA\\](https://evil.example)"),
        ("0.983", "0.983"),
        ("-5", "-5"),
        ("PUNE", "PUNE"),
    ],
)
def test_show_table_escapes_markdown(text: str, escaped: str) -> None:
    def script(text: str) -> None:
        import pandas as pd

        from app.widgets.tables import show_table

        show_table(pd.DataFrame({text: [text]}), alt="Test")

    page = AppTest.from_function(script, args=(text,)).run()
    assert not page.exception
    shown = page.table[0].value
    assert [*shown.columns, *shown.iloc[:, 0]] == [escaped, escaped]


def test_show_side_by_side_repeats_the_first_column() -> None:
    def script() -> None:
        import pandas as pd

        from app.widgets.tables import show_side_by_side

        show_side_by_side(pd.DataFrame([{"k": "2", "a": "1", "b": "3", "c": "5"}]), alt="Test")

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert [list(table.value.columns) for table in page.table] == [["k", "a", "b"], ["k", "c"]]
