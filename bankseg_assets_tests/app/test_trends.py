"""Tests of the page of figures over the versions."""

import datetime
import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

from bankseg_assets.campaigns.trend import TREND_FILE, record_trend
from bankseg_assets.release.releases import roll_back
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.customers import MAIN, tables
from bankseg_assets_tests.app.publishing import (
    publish,
    release,
    segments_with_ids,
    write_model,
)

ROWS = "customer_segments"
FIRST = datetime.date(2016, 8, 1)


def released(data_dir: Path, number: int = 0, first_id: int = 1) -> None:
    """Release the hundred customers and `number` more; each day has a newer snapshot."""
    found = tables()
    days = {
        "snapshot_date": datetime.date(2016, 10, 22) + datetime.timedelta(days=number),
        "first_day": FIRST,
    }
    rows = [row | days for row in found[ROWS]]
    rows += [row | {"customer_id": f"X{place}"} for place, row in enumerate(rows[:number])]
    folder = write_model(data_dir, segments=segments_with_ids(first_id))
    sha256 = json.loads((folder / DOCUMENT_FILE).read_text(encoding="utf-8"))["sha256"]
    file = {"file_name": "a.csv", "sha256": str(number), "rows_in": 1_000, "rows_clean": 990}
    file |= {"rows_quarantined": number, "rows_duplicate": 0}
    release(data_dir, folder, sha256, found | {ROWS: rows}, deliveries=[file])
    record_trend(data_dir / "published")


def opened(**choices: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/trends.py")
    for name, value in choices.items():
        page.session_state[name] = value
    page.run()
    assert not page.exception, page.exception
    return page


def cards(page: AppTest) -> dict[str, tuple[str, str]]:
    return {one.label: (one.value, one.delta) for one in page.metric}


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_first_version_has_figures_and_no_lines(data_dir: Path) -> None:
    released(data_dir)
    page = opened()
    assert "Lines begin with the second" in page.info[0].value
    assert cards(page)["All customers"] == ("100", "")
    assert cards(page)["Rows accepted"] == ("990", "")
    assert [one.value for one in page.subheader] == [
        "Who stays active, by the month of the first transaction",
        "What came in",
        "All figures as a file",
    ]
    assert charts(page) == 1  # the heat map
    assert [one.proto.label for one in page.get("download_button")] == [
        "Excel (XLSX)",
        "CSV",
        "Report (HTML)",
    ]


def test_versions_have_a_line_for_each_segment(data_dir: Path) -> None:
    for number in (0, 5, 10):
        released(data_dir, number)
    page = opened()
    shown = cards(page)
    assert shown["All customers"] == ("110", "+10.0%")
    assert {"Small spenders", "Frequent spenders", "Big spenders"} < shown.keys()
    assert charts(page) == 4 + 1 + 2  # without duplicates, of which there are none
    assert shown["Rows accepted"] == ("990", "")
    assert shown["Rows quarantined"] == ("<11", "")
    assert any("3 versions. Each line has its own scale" in one.value for one in page.caption)


def test_groups_and_other_figures_can_be_chosen(data_dir: Path) -> None:
    released(data_dir)
    released(data_dir, 20)
    shown = cards(opened(trend_kind="group", trend_measure="money"))
    assert shown["All customers"] == ("INR 108,000", "+20.0%")
    assert {"Champions", "At risk"} < shown.keys()


def test_segment_of_another_model_is_marked(data_dir: Path) -> None:
    released(data_dir)
    released(data_dir, 5, first_id=7)
    texts = [one.value for one in opened().markdown]
    assert any(text.startswith("**Small spenders** :small[since version") for text in texts)
    assert any(text.startswith("**Small spenders** :small[until version") for text in texts)


def test_rolled_back_version_is_not_shown(data_dir: Path) -> None:
    released(data_dir)
    released(data_dir, 50)
    roll_back(VersionStore(data_dir / "published"))
    page = opened()
    assert cards(page)["All customers"] == ("100", "")
    assert "first version" in page.info[0].value


def test_versions_that_were_removed_are_shown(data_dir: Path) -> None:
    released(data_dir)
    path = data_dir / "published" / TREND_FILE
    line = json.loads(path.read_text(encoding="utf-8"))
    earlier = [
        line | {"number": -number, "release": f"r{number}", "data": f"d{number}"}
        for number in range(59)
    ]
    path.write_text("".join(f"{json.dumps(one)}\n" for one in (*earlier, line)), encoding="utf-8")
    page = opened()
    assert any("60 versions" in one.value for one in page.caption)
    assert len(page.dataframe[0].value) == 60


def test_versions_without_new_files_have_no_deliveries(data_dir: Path) -> None:
    publish(data_dir, tables())
    assert [one.value for one in opened().subheader] == ["All figures as a file"]


def test_version_of_few_customers_has_no_figures(data_dir: Path) -> None:
    rows = [row | {"first_day": FIRST} for row in tables()[ROWS][:7]]
    publish(data_dir, tables() | {ROWS: rows})
    page = opened()
    assert "no figures" in page.info[0].value
    assert not page.metric
