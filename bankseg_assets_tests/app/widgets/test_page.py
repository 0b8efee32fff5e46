"""Tests of the button that downloads a report."""

from pathlib import Path

from streamlit.testing.v1 import AppTest


def _script(path: str) -> None:
    from pathlib import Path

    from app.widgets.page import report_buttons

    report_buttons("The report", Path(path) if path else None, "report.html")


def test_report_buttons_need_a_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("<html>", encoding="utf-8")
    for path, buttons in ((str(page), 1), ("", 0)):
        found = AppTest.from_function(_script, kwargs={"path": path}).run()
        assert not found.exception
        assert len(found.get("download_button")) == buttons
