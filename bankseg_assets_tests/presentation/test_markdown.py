"""Text from the data is escaped in Dagster's metadata and on the app's pages."""

import pytest

from bankseg_assets.presentation.markdown import escaped, markdown_table, raw_table


@pytest.mark.parametrize(
    "place", ["![](http://evil)", "A|B", "*PUNE*", "<img src=x>", "`x`", "a\\", "$x$", ":red[x]"]
)
def test_text_from_data_is_only_text(place: str) -> None:
    shown = escaped(place)
    for mark in "[]|*<>`$":
        assert shown.count(mark) == shown.count(f"\\{mark}")
    assert shown.replace("\\", "") == place.replace("\\", "")
    assert shown in markdown_table(["place"], [[place]])


def test_raw_table_keeps_markdown_and_aligns_numbers() -> None:
    assert raw_table(["k", "gap"], []) == "| k | gap |\n|---|---|"
    lines = raw_table(["k", "gap"], [["**4**", "0.1"]], right_aligned=True).splitlines()
    assert lines == ["| k | gap |", "|---|---:|", "| **4** | 0.1 |"]
