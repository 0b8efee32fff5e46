"""Figures over the releases as files."""

import io

import pandas as pd

from bankseg_assets.campaigns.trend_tables import csv_of, delivery_rows, figure_rows, xlsx_of
from bankseg_assets_tests.campaigns.trend_fixtures import two_segments, version

FOUND = [
    version(1, {"=Savers": {"id": 1, "money": -5.5}}, {"2016-09": 0.5}),
    version(2, {"=Savers": {"id": 1, "customers": None, "money": None}}, {"2016-09": None}),
]


def test_rows_are_of_each_release_and_segment() -> None:
    rows = figure_rows([two_segments(1), two_segments(2)], "segment", {2: "Ours"})
    assert [(row["version"], row["name"], row["segment_id"]) for row in rows] == [
        (1, "Ours", 2),
        (2, "Ours", 2),
        (1, "Savers", 1),
        (2, "Savers", 1),
    ]


def test_csv_has_all_kinds_and_no_formula() -> None:
    table = pd.read_csv(io.BytesIO(csv_of(FOUND, {})))
    assert table["kind"].value_counts().to_dict() == {
        "All customers": 2,
        "Segments": 2,
        "RFM groups": 2,
        "First months": 2,
        "Deliveries": 2,
    }
    first, second = table[table["kind"] == "Segments"].to_dict("records")
    assert (first["name"], first["money"], first["customers"]) == ("'=Savers", -5.5, 100)
    assert pd.isna(second["customers"])
    assert ",100," in csv_of(FOUND, {}).decode("utf-8-sig")  # without decimals


def test_workbook_has_a_sheet_for_each_kind() -> None:
    sheets = pd.read_excel(io.BytesIO(xlsx_of(FOUND, {})), sheet_name=None, engine="calamine")
    assert list(sheets) == [
        "All customers",
        "Segments",
        "RFM groups",
        "First months",
        "Deliveries",
    ]
    assert sheets["Segments"]["money"].tolist()[0] == -5.5
    assert sheets["Segments"]["customers"].isna().tolist() == [False, True]
    assert sheets["Deliveries"]["rows_accepted"].tolist() == [1000, 2000]
    assert "segment_id" not in sheets["RFM groups"]


def test_deliveries_of_an_older_build_are_left_out() -> None:
    assert delivery_rows([two_segments(1, arrived=None)]) == []
    (row,) = delivery_rows([two_segments(3)])
    assert (row["files"], row["rows_accepted"], row["rows_quarantined"]) == (1, 3000, None)
