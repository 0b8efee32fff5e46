"""Tables of the report as people read them, and a map that shows no single customer."""

import numpy as np

from app.explore import as_table, density, measures_of


def test_tables_read_as_people_do() -> None:
    rows = [
        {"measure": "amount", "p95": 5204.65, "p5": 29.95, "share": 0.0568, "missing": None},
        {"measure": "hour", "p95": 2.0, "p5": -0.001, "share": 0.0, "missing": 12345},
    ]
    found = as_table(rows)
    assert found.columns.tolist() == ["measure", "share", "missing", "p5", "p95"]
    assert found["p5"].tolist() == ["29.95", "0"]
    assert found["share"].tolist() == ["5.7%", "0.0%"]
    assert found["missing"].tolist() == ["—", "12,345.00".removesuffix(".00")]


def test_what_can_be_counted_is_what_the_table_has() -> None:
    assert measures_of([{"day": "2016-08-01", "rows": 3, "amount": 4.0}]) == ["rows", "amount"]
    assert measures_of([]) == []


def test_a_dot_of_the_map_stands_for_eleven_customers() -> None:
    points = np.repeat([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]], [11, 30, 10], axis=0)
    segments = np.repeat([0, 1, 1], [11, 30, 10])
    figure = density(points, segments, ["Small", "Big"], ["#000000", "#ffffff"])
    assert [(trace.name, len(trace.x)) for trace in figure.data] == [("Small", 1), ("Big", 1)]
