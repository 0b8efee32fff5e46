"""Tests of the app's messages before the first release, for each state of a platform."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.panels.last_run import Run
from app.panels.situation import Situation, situation
from app.state.dagster_links import DagsterLinks
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.release.releases import Refusal

DAGSTER = DagsterLinks("http://127.0.0.1:3000")
REFUSED = Refusal(run_id="r1", at="2026-11-23T10:00:00+00:00", reasons=("3 rows are lost.",))
FAILED = Run("r2", is_at_work=False, has_failed=True, reasons=("cleaned: no disk.",))
AT_WORK = Run("r3", is_at_work=True, has_failed=False)


def delivery(status: Any, reason: str = "", name: str = "bank.csv") -> Delivery:
    return Delivery(name, name, status, reason, 10, 3, "run", "2026-11-23T10:00:00+00:00")


def state(
    *arrived: Delivery,
    refused: Refusal | None = None,
    run: Run | None = None,
    landed: Sequence[str] = (),
) -> Situation:
    return situation("/data/landing", arrived, refused, [run] if run else [], DAGSTER, landed)


def test_situation_without_files_says_where_to_drop_one() -> None:
    found = state()
    assert not found.is_wrong
    assert "No file has been delivered." in found.what
    assert "`/data/landing`" in found.todo
    assert "make run" in found.todo


def test_situation_of_a_batch_in_progress() -> None:
    found = state(delivery("accepted"), refused=REFUSED, run=AT_WORK)
    assert not found.is_wrong
    assert found.what.startswith("The first batch makes them now. Starting")
    assert found.share == 0.0
    assert "/runs/r3" in found.todo


@pytest.mark.parametrize("run", [None, FAILED])
def test_situation_of_rejected_files_gives_their_reasons(run: Run | None) -> None:
    """A batch without files fails too, but the rejected file can be corrected."""
    found = state(delivery("rejected", "The header lacks CustomerID."), run=run)
    assert found.is_wrong
    assert found.what == "1 file arrived and was rejected:"
    assert found.reasons == ("bank.csv: The header lacks CustomerID.",)
    assert "contract" in found.todo


@pytest.mark.parametrize("run", [None, Run("r1", is_at_work=False, has_failed=True)])
def test_situation_of_a_refusal_gives_other_advice(run: Run | None) -> None:
    found = state(delivery("accepted"), refused=REFUSED, run=run)
    assert (found.is_wrong, found.reasons) == (True, REFUSED.reasons)
    assert "make materialize" not in found.todo
    assert "/data/landing" in found.todo


def test_situation_of_a_failed_run_gives_its_reason_and_address() -> None:
    found = state(delivery("accepted"), refused=REFUSED, run=FAILED)
    assert found.is_wrong
    assert found.reasons == ("cleaned: no disk.",)
    assert found.todo.startswith("[run r2](http://127.0.0.1:3000/runs/r2) has the details.")


def test_situation_of_a_stopped_run() -> None:
    stopped = Run("r5", is_at_work=False, has_failed=True, is_cancelled=True)
    assert state(run=stopped).what == "The last batch was stopped before its end."
    assert "`make materialize`" in state(run=stopped).todo
    stopped = Run("r4", is_at_work=False, has_failed=True)
    assert state(run=stopped).reasons == ("It was stopped, or ended without an error message.",)


def test_situation_of_accepted_files_says_to_start_a_run() -> None:
    found = state(delivery("accepted"), delivery("rejected", "Why.", "other.csv"))
    assert found.what.startswith("2 files arrived; no segments have been made")
    assert "make materialize" in found.todo
