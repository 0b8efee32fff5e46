"""Tests of the page Audit."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.panels.audit import _csv, as_table, matching
from bankseg_assets.privacy.audit import Actor, AuditLog, Event, acting_as
from bankseg_assets.privacy.look_ups import record_look_up
from bankseg_assets_tests.app.customers import MAIN
from bankseg_assets_tests.app.publishing import publish


@pytest.fixture
def log(data_dir: Path) -> AuditLog:
    """A log of two people, with a look-up of a customer."""
    publish(data_dir)
    found = AuditLog(data_dir / "audit")
    with acting_as(Actor("ann", "proxy")):
        found.record(Event("rollback", on="7", why="=1+1", result="done", details={"by": 1}))
    with acting_as(Actor("bea", "login")):
        record_look_up(data_dir, "C1", result="shown")
    return found


def opened() -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/audit.py").run()
    assert not page.exception, page.exception
    return page


def whats(page: AppTest) -> list[str]:
    return [str(one) for one in page.dataframe[0].value["What"]]


def test_entries_are_shown_newest_first(log: AuditLog) -> None:
    page = opened()
    assert "The chain of 2 entries is intact." in page.success[0].value
    assert any(log.head[1] in one.value for one in page.caption)
    table = page.dataframe[0].value
    assert whats(page) == ["subject looked up", "rollback"]
    assert table["Who"].tolist() == ["bea", "ann"]
    assert table["Known by"].tolist() == ["login", "proxy"]
    assert table["Details"].tolist() == ["", "by: 1"]


@pytest.mark.usefixtures("log")
def test_entries_are_filtered() -> None:
    page = opened()
    page.selectbox(key="audit_who").select("ann").run()
    assert whats(page) == ["rollback"]
    page.selectbox(key="audit_who").select("").run()
    page.text_input(key="audit_customer").set_value(" C1 ").run()
    assert whats(page) == ["subject looked up"]
    page.text_input(key="audit_customer").set_value("C2").run()
    assert page.info[-1].value == "No entry matches."


def test_broken_chain_is_shown(log: AuditLog, data_dir: Path) -> None:
    assert log.fault() == ""
    opened()
    (path,) = (data_dir / "audit").glob("audit-*.jsonl")
    path.write_text(path.read_text("utf-8").replace('"7"', '"8"'), encoding="utf-8")
    page = opened()
    assert "line 1: entry 1 was edited" in page.error[0].value
    assert not page.success


def test_empty_log_says_so(data_dir: Path) -> None:
    publish(data_dir)
    assert opened().info[-1].value == "Nothing has been recorded yet."


def test_file_has_no_formula(log: AuditLog) -> None:
    found = matching(log.entries(), what="rollback")
    assert "'=1+1" in _csv(found).decode()
    assert as_table(found)["Entry"].tolist() == [1]
