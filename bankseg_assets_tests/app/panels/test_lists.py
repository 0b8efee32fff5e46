"""Tests of scored lists: corrected rows and CSV download."""

import numpy as np
import pandas as pd
import pyarrow as pa

from app.panels import lists
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.scoring.lists.score_table import Scorer
from bankseg_assets_tests.scoring.lists.sample_lists import bundle

SCORER = Scorer(bundle(), {"frequency": "count", "monetary": "sum"})


def scored(columns: dict[str, list[object]]) -> pd.DataFrame:
    found: pd.DataFrame = SCORER.score(pa.table(columns)).to_pandas(types_mapper=pd.ArrowDtype)
    return found


def test_corrected_scores_only_the_edited_rows() -> None:
    before = scored({"count": ["1", "zero", "2"], "sum": ["300", "450", "50"]})
    edited = pd.DataFrame({"count": ["3"], "sum": ["450"], "error": [""]}, index=[1])
    after = lists.corrected(before, edited, SCORER)
    assert before["error"].notna().tolist() == [False, True, False]
    assert after["error"].notna().tolist() == [False, False, False]
    assert after["count"].tolist() == ["1", "3", "2"]
    pd.testing.assert_frame_equal(after.drop(index=1), before.drop(index=1))


def test_corrected_keeps_numbers_as_numbers() -> None:
    before = scored({"count": [1, 0, 2], "sum": [300.5, 450.0, 50.0]})
    edited = pd.DataFrame({"count": ["3"], "sum": ["450"], "error": [""]}, index=[1])
    after = lists.corrected(before, edited, SCORER)
    assert after["count"].tolist() == [1, "3", 2]
    assert after["error"].notna().sum() == 0


def test_csv_in_chunks_equals_the_whole_csv() -> None:
    rows = lists.CHUNK_ROWS + 1
    plain = pd.DataFrame({"name": ["=1+1", *["Pune"] * rows], "sum": [np.inf, *range(rows)]})
    arrow = pa.Table.from_pandas(plain).to_pandas(types_mapper=pd.ArrowDtype)
    assert lists.to_csv_bytes(arrow) == to_csv(plain)
    assert lists.to_csv_bytes(arrow.head(0)) == to_csv(plain.head(0))
