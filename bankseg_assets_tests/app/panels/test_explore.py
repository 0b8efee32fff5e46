"""Tests of the report's tables and of the customer map."""

from dataclasses import replace

import numpy as np

from app.panels.explore import as_table, axis_title, bars, density, gaps, measures_of, transposed
from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.publishing import model

RUPEES = Numbers("INR", LAKH)


def test_tables_have_readable_labels() -> None:
    rows = [
        {"measure": "amount", "p95": 5204.65, "p5": 29.95, "share": 0.0568, "missing": None},
        {"measure": "hour", "p95": 2.0, "p5": -0.001, "share": 0.0, "missing": 1234567},
    ]
    found = as_table(rows, RUPEES)
    assert found.columns.tolist() == ["Measure", "Share", "Missing", "p5", "p95"]
    assert found["Measure"].tolist() == ["Amount", "Hour of the day"]
    assert found["p5"].tolist() == ["29.95", "0"]
    assert found["Share"].tolist() == ["5.7%", "0.0%"]
    assert found["Missing"].tolist() == ["—", "12,34,567"]


def test_table_begins_with_names_and_shows_currency() -> None:
    found = as_table([{"amount": 1234567.5, "rows": 123456, "weekday": 1}], RUPEES)
    assert found.to_dict("records") == [
        {"Weekday": "Mon", "Money": "INR 12,34,567.50", "Transactions": "1,23,456"}
    ]


def test_transposed_table_has_quantiles_as_rows() -> None:
    rows = [{"measure": "amount", "p5": 1.0, "p50": 2.0}, {"measure": "balance", "p50": 4.0}]
    found = transposed(as_table(rows, RUPEES))
    assert found.columns.tolist() == ["Measure", "Amount", "Balance"]
    assert found.to_numpy().tolist() == [["p5", "1", "—"], ["p50", "2", "4"]]


def test_values_of_the_bank_are_unchanged() -> None:
    assert as_table([{"location": "NEW DELHI"}], RUPEES)["Place"].tolist() == ["NEW DELHI"]


def test_bars_show_currency_and_large_bounds_in_words() -> None:
    rows = [{"from": 173000.0, "amount": 1234567.0}]
    figure = bars(rows, "amount_distribution", "amount", RUPEES)
    assert figure.data[0].hovertext == ("INR 12,34,567",)
    assert figure.data[0].x == ("1.73 lakh",)
    assert figure.layout.yaxis.title.text == "Money (INR)"


def test_measures_of_a_table() -> None:
    assert measures_of([{"day": "2016-08-01", "rows": 3, "amount": 4.0}]) == ["rows", "amount"]
    assert measures_of([]) == []


def test_density_hides_cells_under_eleven_customers() -> None:
    points = np.repeat([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]], [11, 30, 10], axis=0)
    segments = np.repeat([0, 1, 1], [11, 30, 10])
    figure = density(points, segments, ["Small", "Big"], ["#000000", "#ffffff"])
    assert [(trace.name, len(trace.x)) for trace in figure.data] == [("Small", 1), ("Big", 1)]


def test_gaps_of_the_data_are_counted_and_the_longest_is_named() -> None:
    days = ["2016-08-01", "2016-08-03", "2016-08-08"]
    assert gaps([{"day": one} for one in days]) == (
        "No transactions, or those of fewer than 11 customers, on 5 of the 8 days: the longest gap "
        "is 4 August 2016 to 7 August 2016. Is a file missing? Customers seem inactive in a gap."
    )
    assert "on 1 of the 3 days: 2 August 2016." in gaps([{"day": one} for one in days[:2]])
    assert gaps([{"day": "2016-08-01"}, {"day": "2016-08-02"}]) == ""
    assert gaps([]) == ""


def test_axes_of_the_map_are_in_words() -> None:
    bundle = bundle_from(model())
    assert axis_title(bundle, 0, "First") == "First component → more transactions"
    turned = replace(bundle, components=-bundle.components)
    assert axis_title(turned, 1, "Second") == "Second component → lower average amount"
