"""Scoring a table adds result columns and keeps the others."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from bankseg_assets.privacy.objections import Objections
from bankseg_assets.scoring.answers import Answers, answers
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.inputs import problem
from bankseg_assets.scoring.lists import score_table as module
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.scoring.lists.score_table import RESULTS, Scorer
from bankseg_assets_tests.scoring.lists.sample_lists import (
    FREQUENCY,
    GENDER,
    INPUTS,
    MONETARY,
    ONCE,
    ONCE_CONFIDENCE,
    bundle,
)
from bankseg_assets_tests.small_model import ALL_CUSTOMERS, one_segment

COLUMNS = {"frequency": "count", "monetary": "sum"}
UNSCORED = dict.fromkeys(("segment", "segment_name", "confidence", "certainty"))


def table(*rows: tuple[Any, Any], **more: list[Any]) -> pa.Table:
    counts, sums = zip(*rows, strict=True)
    return pa.table({"count": counts, "sum": sums} | more)


def scored(found: pa.Table, place: int = 0) -> dict[str, Any]:
    row: dict[str, Any] = found.to_pylist()[place]
    return row


def test_row_gets_segment_model_and_day() -> None:
    found = Scorer(bundle(), COLUMNS).score(table((ONCE["frequency"], ONCE["monetary"])))
    assert scored(found) == {
        "count": 1,
        "sum": ONCE["monetary"],
        "segment": 0,
        "segment_name": "Small spenders",
        "confidence": ONCE_CONFIDENCE,
        "certainty": "sure",
        "model_version": "first",
        "snapshot_date": "2016-10-22",
        "error": None,
    }


def test_row_gets_the_permanent_id_of_its_segment() -> None:
    model = bundle()
    segments = [one.model_copy(update={"id": one.segment + 10}) for one in model.segments]
    scorer = Scorer(replace(model, segments=tuple(segments)), COLUMNS)
    found = scorer.score(table(("3", "3000"), ("x", "1")))
    assert found["segment_id"].to_pylist() == [11, None]
    assert found.column_names[2:5] == ["segment", "segment_name", "segment_id"]


def test_segment_number_is_not_its_index() -> None:
    model = bundle()
    segments = [one.model_copy(update={"segment": one.segment + 10}) for one in model.segments]
    model = replace(model, segments=tuple(segments))
    found = Scorer(model, COLUMNS).score(table((3, 3000)))
    assert scored(found)["segment"] == 11


def test_empty_cell_is_unknown_and_low_probability_not_sure() -> None:
    found = scored(Scorer(bundle(), COLUMNS).score(table(("", None))))
    assert (found["segment"], found["confidence"], found["certainty"]) == (0, 0.5, "not sure")
    assert found["error"] is None


def test_input_without_column_is_unknown() -> None:
    found = Scorer(bundle(), {"frequency": "count"}).score(table(("", "not read")))
    assert scored(found)["confidence"] == 0.5


def test_invalid_row_has_errors_and_others_are_scored() -> None:
    found = Scorer(bundle(), COLUMNS).score(table((1, 300), (0, 3_000_000), (2, -5)))
    assert scored(found, 1) == {
        "count": 0,
        "sum": 3_000_000,
        **UNSCORED,
        "model_version": "first",
        "snapshot_date": "2016-10-22",
        "error": f"Row 3: {problem(FREQUENCY, 0)} {problem(MONETARY, 3_000_000)}",
    }
    assert scored(found, 2)["error"] == f"Row 4: {problem(MONETARY, -5)}"
    assert scored(found, 0)["error"] is None


def test_invalid_number_is_shown_unchanged() -> None:
    found = Scorer(bundle(), COLUMNS).score(table(("two", "1")))
    assert scored(found)["error"] == f"Row 2: {problem(FREQUENCY, 'two')}"


def test_broken_rows_keep_their_numbers() -> None:
    rows = table((1, 300), (1, -1))
    found = Scorer(bundle(), COLUMNS).score(rows, [7, 9], {1: "It has 3 fields."})
    assert scored(found, 1)["error"] == "Row 9: It has 3 fields."


def test_other_columns_stay_and_old_results_are_replaced() -> None:
    day = pa.array(["x"])
    rows = table((1, 300), city=["PUNE"], segment=["old"], error=["old"]).append_column("day", day)
    found = Scorer(bundle(), COLUMNS).score(rows)
    assert found.column_names[:4] == ["count", "sum", "city", "day"]
    assert set(found.column_names[4:]) < set(RESULTS)
    assert (scored(found)["segment"], scored(found)["error"]) == (0, None)


def test_held_out_is_null_without_id() -> None:
    rows = table((1, 300), (1, 300), (1, -1), id=["C1", " ", " C1"])
    found = Scorer(bundle(), COLUMNS, HoldOut("id", "spring", 1.0)).score(rows)
    assert found["held_out_of_campaign"].to_pylist() == [True, None, True]


def test_action_belongs_to_segment() -> None:
    rows = table((1, 300), (3, 3000), (1, -1))
    found = Scorer(bundle(), COLUMNS, actions={0: "Write"}).score(rows)
    assert found["action"].to_pylist() == ["Write", None, None]


def test_columns_are_omitted_without_actions_or_id() -> None:
    found = Scorer(bundle(), COLUMNS).score(table((1, 300)))
    assert {"action", "held_out_of_campaign"}.isdisjoint(found.column_names)


def test_empty_table_keeps_columns_and_types() -> None:
    scorer = Scorer(bundle(), COLUMNS, HoldOut("id", "spring"), {0: "Write"})
    full = scorer.score(table((1, 300), id=["C1"]))
    assert scorer.score(table((1, 300), id=["C1"]).slice(1)).schema == full.schema


def test_text_is_passed_unchanged_and_unknown_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}

    def scored(model: Bundle, known: dict[str, Any]) -> Answers:
        asked.update(known)
        return answers(model, {name: known[name] for name in COLUMNS})

    monkeypatch.setattr(module, "answers", scored)
    model = replace(bundle(), inputs=(*INPUTS, GENDER))
    rows = table((1, 300), (1, 300), (-1, 300), gender=[" F", "", "M"])
    Scorer(model, COLUMNS | {"gender": "gender"}).score(rows)
    assert [str(text) for text in asked["gender"]] == ["F", "None", "nan"]  # both are unknown
    Scorer(model, COLUMNS).score(rows)
    assert [str(text) for text in asked["gender"]] == ["None", "None", "nan"]


def test_column_that_cannot_hold_numbers_stops_list() -> None:
    with pytest.raises(ListError, match="The column count has the type bool"):
        Scorer(bundle(), COLUMNS).score(table((True, 300)))


def test_refund_is_scored_where_model_has_seen_some() -> None:
    model = replace(bundle(), inputs=(FREQUENCY, MONETARY.model_copy(update={"minimum": -500})))
    found = Scorer(model, COLUMNS).score(table((1, -250.5), (1, -501)))
    assert scored(found)["error"] is None
    assert scored(found)["segment_name"] == "Small spenders"
    assert "must be from -500 to 2,000,000" in scored(found, 1)["error"]


def test_list_is_scored_by_model_of_one_segment() -> None:
    found = Scorer(one_segment(version="one"), {"recency": "count"}).score(table((1, 0), (None, 0)))
    assert found["segment_name"].to_pylist() == [ALL_CUSTOMERS] * 2
    assert found["confidence"].to_pylist() == [1.0, 1.0]


def test_customers_who_object_have_no_action() -> None:
    objecting = Objections(frozenset({"C1"}), "today.csv")
    rows = table((1, 300), (1, 300), (1, 300), id=["C1", " C1", None])
    scorer = Scorer(bundle(), COLUMNS, actions={0: "Call"}, objections=objecting, identity="id")
    found = scorer.score(rows)
    assert found["left_out_by_objection"].to_pylist() == [True, True, False]
    assert found["action"].to_pylist() == [None, None, "Call"]
    assert "left_out_by_objection" in scorer.results


def test_no_objections_need_no_column() -> None:
    scorer = Scorer(bundle(), COLUMNS, actions={0: "Call"}, identity="id")
    found = scorer.score(table((1, 300), id=["C1"]))
    assert "left_out_by_objection" not in (*found.column_names, *scorer.results)
