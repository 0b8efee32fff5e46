"""Tests of recent runs in words, and of the button that starts one."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from app.panels import runs
from app.panels.last_run import Run
from app.panels.run_words import others_waiting, outcome, timing
from app.panels.runs import as_table
from app.state.dagster_client import RunInProgressError
from bankseg_assets.release.releases import Refusal, current_release
from bankseg_assets_tests.app.publishing import publish

MAIN = Path(__file__).parents[3] / "app" / "main.py"


def made(**values: Any) -> Run:
    return Run(**({"run_id": "r1", "is_at_work": False, "has_failed": False} | values))


def test_timing_compares_with_the_last_run_of_the_job() -> None:
    now = made(job="refresh", is_at_work=True, started=100.0)
    last = made(job="refresh", started=0.0, ended=62.0)
    other = made(job="comparison", started=0.0, ended=9.0)
    assert timing(now, [now, other, last], 109.0) == "9 s so far; it took 1 min 2 s last time."
    assert timing(now, [now, other], 109.0) == "9 s so far; its first time."
    starting = made(job="refresh", is_at_work=True)
    assert timing(starting, [starting, last]) == "It took 1 min 2 s last time."
    assert timing(starting, [starting, other]) == ""


def test_queue_is_named_in_its_order() -> None:
    now = made(job="refit", is_at_work=True, started=100.0)
    waiting = [
        made(run_id=job, job=job, is_at_work=True, is_waiting=True)
        for job in ("refresh", "retention")
    ]
    assert others_waiting(now, [*waiting, now]) == "In the queue: `retention`, `refresh`."
    assert others_waiting(waiting[1], [waiting[1]]) == ""
    assert outcome(waiting[0], [], None).startswith("In the queue: it starts when no other run")


def test_outcome_of_a_failure_has_its_reasons() -> None:
    failed = made(has_failed=True, reasons=("rfm_table: No space left on device.",))
    assert outcome(failed, [], None) == "Failed. rfm_table: No space left on device."
    assert outcome(made(has_failed=True), [], None) == "Failed. It ended without an error message."
    stopped = made(has_failed=True, is_cancelled=True, started=1.0, ended=9.0)
    assert outcome(stopped, [], None) == "Stopped before its end."
    queued = made(has_failed=True, is_cancelled=True, started=9.0, ended=9.0)
    assert outcome(queued, [], None) == "Cancelled in the queue."


def test_outcome_says_what_became_of_the_version(data_dir: Path) -> None:
    publish(data_dir)
    release = current_release(data_dir / "published")
    assert release is not None
    release = release.model_copy(update={"serial": 1})
    released = made(run_id=release.run_id)
    assert outcome(released, [release], None) == "Finished: version 1 was released."
    refused = Refusal(run_id="r1", at="", reasons=("Too few rows.",))
    assert outcome(made(), [release], refused).endswith("was refused. Too few rows.")


def test_progress_counts_steps() -> None:
    at_work = made(is_at_work=True, done=3, steps=19, step="rfm_table")
    assert outcome(at_work, [], None) == "In progress, 3 of 19 steps finished: `rfm_table`."
    assert "Starting" in outcome(made(is_at_work=True), [], None)


def test_table_has_start_and_duration() -> None:
    run = made(job="refresh", started=0.0, ended=75.0)
    (row,) = as_table([run], [], None).to_dict("records")
    assert (row["Started (UTC)"], row["Took"]) == ("1970-01-01 00:00", "1 min 15 s")


def _open() -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    return page.switch_page("views/deliveries.py").run()


def _dialog() -> AppTest:
    """Open the dialog alone: AppTest reruns the whole page, which closes it."""

    def script() -> None:
        from app.panels.runs import confirm

        confirm()

    return AppTest.from_function(script, default_timeout=60).run()


def test_button_asks_before_it_starts_a_run(data_dir: Path) -> None:
    publish(data_dir)
    with patch.object(runs, "recent_runs", return_value=[]), patch.object(runs, "launch") as launch:
        page = _open()
        page.button(key="materialize").click().run()
        assert "makes a new version" in " ".join(one.value for one in page.markdown)
        launch.assert_not_called()


def test_confirmed_run_is_started_once(data_dir: Path) -> None:
    with patch.object(runs, "launch", return_value="0123456789") as launch:
        page = _dialog()
        launch.assert_not_called()
        page.button(key="materialize_yes").click().run()
    launch.assert_called_once()
    assert "01234567 has been started" in page.success[0].value


def test_dialog_reports_a_run_in_progress(data_dir: Path) -> None:
    error = RunInProgressError("The run abc is in progress.")
    with patch.object(runs, "launch", side_effect=error):
        page = _dialog()
        page.button(key="materialize_yes").click().run()
    assert page.warning[0].value == "The run abc is in progress."


def test_setting_hides_the_button(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(data_dir)
    monkeypatch.setenv("BANKSEG_RUN_BUTTON", "false")
    with patch.object(runs, "recent_runs", return_value=[]):
        assert "materialize" not in [button.key for button in _open().button]


def test_page_shows_why_the_newest_run_failed(data_dir: Path) -> None:
    publish(data_dir)
    failed = made(has_failed=True, reasons=("No space left on device.",))
    with patch.object(runs, "recent_runs", return_value=[failed]):
        runs._recent.clear()
        page = _open()
    assert "No space left on device." in page.error[0].value
