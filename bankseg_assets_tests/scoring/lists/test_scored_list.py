"""Corrections of a list in memory, and its summary."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.scoring.lists.detection import Settings
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.example import EMPTY_ROWS, ROWS, WRONG_ROW, example_list
from bankseg_assets.scoring.lists.plan import make_plan
from bankseg_assets.scoring.lists.reading import Dialect, open_list
from bankseg_assets.scoring.lists.scored_list import ScoredList, score_plan
from bankseg_assets.scoring.lists.summary import missing_sentences, segment_counts
from bankseg_assets_tests.scoring.lists.sample_lists import bundle

MODEL = bundle()
HEADER = "customer_id,frequency,monetary,city\n"


def scored(path: Path, actions: dict[int, str] | None = None) -> ScoredList:
    plan = make_plan(path, path.name, MODEL, DeliveryContract(), Settings())
    return score_plan(plan, plan.scorer(MODEL, actions or {}, plan.matching.columns))


def put(folder: Path, text: str) -> Path:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_broken_record_is_never_scored_from_shifted_values(tmp_path: Path) -> None:
    """After row 3 was corrected, row 5 was scored from the values of other columns."""
    path = put(tmp_path, HEADER + "C1,1,300,Pune\nC2,x,300,Goa\nC3,2,7,Goa\nC4,1,2,300,Pune\n")
    before = scored(path)
    assert before.failed == [1, 3]
    after = before.corrected({1: {"frequency": "2"}})
    assert after.failed == [3]
    assert after.table["error"].to_pylist()[3].startswith("Row 5: It has 5 fields; expected 4")
    assert after.table["segment"].to_pylist()[3] is None
    again = after.corrected({3: {"frequency": "3"}})
    assert again.failed == []
    assert again.table["frequency"].to_pylist()[3] == "3"
    assert again.table["monetary"].to_pylist()[3] is None  # what was not typed is unknown
    assert again.table["confidence"].to_pylist()[:3] == after.table["confidence"].to_pylist()[:3]


def test_broken_quote_refuses_its_row_alone(tmp_path: Path) -> None:
    """The whole list was refused."""
    path = put(tmp_path, HEADER + 'C1,1,300,Pune\nC2,2,300,"Goa\nC3,2,700,Goa\nC4,1,9,"Goa"\n')
    found = scored(path)
    assert found.failed == [1]
    assert found.table["error"].to_pylist()[1].startswith("Row 3: It has a quote that")
    assert found.table["customer_id"].to_pylist() == ["C1", "C2", "C3", "C4"]
    assert found.table["segment"].null_count == 1
    again = found.corrected({1: {"frequency": "2", "monetary": "300", "city": "Goa"}})
    assert again.failed == []


def test_broken_quote_in_the_header_names_its_row(tmp_path: Path) -> None:
    path = put(tmp_path, 'customer_id,frequency,"monetary\nC1,1,300\n')
    with pytest.raises(ListError, match=r"list\.csv, row 1, which is the header: It has a quote"):
        open_first(path)


def open_first(path: Path) -> tuple[str, ...]:
    with open_list(path, Dialect()) as found:
        return found.names


def test_cells_of_broken_rows_are_empty(tmp_path: Path) -> None:
    found = scored(put(tmp_path, HEADER + "C1,x,300,Pune\nC2,1\n"))
    assert found.cells([0, 1], ["customer_id", "frequency", "monetary"]) == [
        {"customer_id": "C1", "frequency": "x", "monetary": "300"},
        {"customer_id": "C2", "frequency": "", "monetary": ""},
    ]


def test_wrong_correction_is_an_error_of_the_same_row(tmp_path: Path) -> None:
    found = scored(put(tmp_path, HEADER + "\n\nC1,x,300,Pune\n"))
    error = found.corrected({0: {"frequency": "0"}}).table["error"].to_pylist()[0]
    assert error.startswith("Row 4: Number of transactions must be from 1 to")
    assert found.corrected({}) is found


def test_corrected_number_stays_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    pq.write_table(pa.table({"frequency": [1, 0, 2], "monetary": [300.5, 450.0, 50.0]}), path)
    after = scored(path).corrected({1: {"frequency": "3"}})
    assert after.table["frequency"].to_pylist() == ["1", "3", "2"]
    assert after.table["monetary"].to_pylist() == [300.5, 450.0, 50.0]
    assert after.failed == []


def test_errors_are_a_table_of_their_own(tmp_path: Path) -> None:
    found = scored(put(tmp_path, HEADER + "C1,1,300,Pune\nC2,x,300,Goa\n"))
    assert found.errors()["customer_id"].to_pylist() == ["C2"]


def test_summary_counts_segments_and_what_is_missing(tmp_path: Path) -> None:
    text = HEADER + "C1,1,300,Pune\nC2,,,Goa\nC3,,,Goa\nC4,x,1,Goa\n"
    summary = scored(put(tmp_path, text)).summary
    assert [(one.name, one.sure, one.unsure) for one in segment_counts(summary)] == [
        ("Small spenders", 1, 2)
    ]
    assert missing_sentences(summary) == [
        "2 of 4 are uncertain because 'Number of transactions' and 'Sum of the amounts' are "
        "missing."
    ]


def test_missing_column_says_what_it_costs(tmp_path: Path) -> None:
    rows = "".join(f"C{number},1\n" for number in range(12))
    found = scored(put(tmp_path, "customer_id,frequency\n" + rows))
    uncertain = found.summary.unsure_rows
    expected = f"{uncertain} of 12 are uncertain because 'Sum of the amounts' is missing."
    assert missing_sentences(found.summary) == ([expected] if uncertain else [])


def test_uncertain_row_has_no_action(tmp_path: Path) -> None:
    """Below 60 % an answer is not a reason to act."""
    found = scored(put(tmp_path, HEADER + "C1,1,300,Pune\nC2,,,Goa\n"), {0: "Write"})
    assert found.table["segment"].to_pylist() == [0, 0]
    assert found.table["action"].to_pylist() == ["Write", None]


def test_example_is_invented_and_shows_errors(tmp_path: Path) -> None:
    for dialect in (Dialect(), Dialect(";", ",", "cp1252")):
        path = tmp_path / "example.csv"
        path.write_bytes(example_list(MODEL, dialect))
        found = scored(path)
        assert found.table.num_rows == ROWS
        assert found.failed == [WRONG_ROW]
        assert len(segment_counts(found.summary)) > 1
        empty = [row for row in range(ROWS) if not found.table["monetary"][row].as_py()]
        assert empty == list(EMPTY_ROWS)
