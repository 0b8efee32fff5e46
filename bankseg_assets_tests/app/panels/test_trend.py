"""Figures over the versions, for people."""

from app.panels.trend import as_table, lines
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.release_figures import Figures, ReleaseFigures


def version(number: int, **figures: float | None) -> ReleaseFigures:
    whole = Figures.model_validate({"kind": "all", **figures})
    return ReleaseFigures(
        release=f"r{number}",
        number=number,
        created_at="",
        data=f"d{number}",
        snapshot_date=f"2016-10-0{number}",
        figures=(whole,),
    )


def test_lines_need_two_known_values() -> None:
    found = [
        version(1, customers=100, money=900.0),
        version(2, customers=None, money=1000.0),
        version(3, customers=110, money=1100.0, repeat_share=0.1),
    ]
    assert lines(found) == {
        "customers": [100, 110],
        "money": [900, 1000, 1100],
        "average": [9, 10],
    }
    assert lines(found[:1]) == {}


def test_line_of_unchanged_figures_is_flat() -> None:
    found = [
        version(1, customers=100_000, repeat_share=0.1),
        version(2, customers=100_004, repeat_share=0.1004),
    ]
    assert lines(found) == {"customers": [100_000, 100_000], "repeat": [0.1, 0.1]}


def test_table_has_known_figures_the_newest_first() -> None:
    found = [version(1, customers=100, money=900.0), version(2, customers=200, money=1000.0)]
    table = as_table(found, Numbers("INR", "plain"), direction_known=False)
    assert table.to_dict("list") == {
        "Version": ["2", "1"],
        "Snapshot": ["2 October 2016", "1 October 2016"],
        "Customers": ["200", "100"],
        "Money": ["INR 1,000", "INR 900"],
        "Money per customer": ["INR 5", "INR 9"],
    }
