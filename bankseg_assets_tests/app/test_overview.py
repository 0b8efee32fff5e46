"""Tests of the start page: figures with their change, tasks, and names of segments."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from bankseg_assets.scoring.published_model import newest_first, read_model
from bankseg_assets.scoring.segment_names import rename
from bankseg_assets_tests.app.customers import MAIN, opened, tables
from bankseg_assets_tests.app.publishing import model, publish

WINDOW = {
    "customers": 800_000,
    "amount_total": 1_000_000.0,
    "repeat_customers": 80_000,
    "first_day": "2016-08-01",
    "last_day": "2016-10-21",
}
LATER = WINDOW | {"customers": 884_265, "amount_total": 1_100_000.0, "repeat_customers": 88_426}


def test_figures_have_their_change_since_the_previous_version(data_dir: Path) -> None:
    publish(data_dir, documents={"eda_report": {"overview": [WINDOW]}})
    first = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert {box.delta for box in first.metric} == {""}
    publish(data_dir, documents={"eda_report": {"overview": [LATER]}}, version="second")
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert not page.exception
    assert [(box.label, box.delta) for box in page.metric] == [
        ("Customers", "+10.5%"),
        ("Money", "+10.0%"),
        ("Money per customer", "-0.5%"),
        ("With more than one transaction", "unchanged"),
    ]
    assert any("Changes are since version" in one.value for one in page.caption)


def test_figures_have_a_line_over_the_versions(data_dir: Path) -> None:
    found = tables()
    publish(data_dir, found, documents={"eda_report": {"overview": [WINDOW]}})
    first = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert not any(box.proto.chart_data for box in first.metric)
    more = [row | {"customer_id": f"X{row['customer_id']}"} for row in found["customer_segments"]]
    found["customer_segments"] += more
    publish(data_dir, found, documents={"eda_report": {"overview": [LATER]}}, version="second")
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert not page.exception
    assert list(page.metric[0].proto.chart_data) == [100, 200]
    (table,) = [one.value for one in page.table if "Version" in one.value]
    assert table["Customers"].tolist() == ["200", "100"]


def test_page_begins_with_a_headline_and_tasks(data_dir: Path) -> None:
    page = opened(data_dir, "overview")
    assert page.header[0].value == (
        "20% of the customers bring 50% of the money; INR 34,200 of 38 customers at risk."
    )
    assert "1. **Win them back with a personal offer**: At risk, 38 customers, INR 34,200" in [
        one.value for one in page.markdown
    ]


def test_pages_say_from_which_day_customers_are_counted(data_dir: Path) -> None:
    overview = WINDOW | {"removed_before": "2016-09-01"}
    publish(data_dir, tables(), documents={"eda_report": {"overview": [overview]}})
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    for view in ("overview", "segments"):
        page.switch_page(f"views/{view}.py").run()
        assert not page.exception
        assert any("before 2016-09-01 were removed" in one.value for one in page.caption), view


def test_open_page_follows_a_renamed_segment(data_dir: Path) -> None:
    """The name is the bank's on every page, also in a session that is open."""
    segments = [one | {"id": one["segment"]} for one in model()["segments"]]
    publish(data_dir, tables(), segments=segments)
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    (release,) = newest_first(data_dir / "published")
    bundle = read_model(release)
    rename(data_dir / "published", bundle, bundle.segments[2], "Private banking")
    for view in ("overview", "segments", "campaign", "quality"):
        page.switch_page(f"views/{view}.py").run()
        assert not page.exception
        texts = [str(one.value) for one in [*page.markdown, *page.subheader]]
        texts += [one.proto.label for one in page.get("page_link")]
        texts += [one.value.to_string() for one in page.table]
        shown = "\n".join(texts).replace("Big spenders in one plain sentence.", "")
        assert "Private banking" in shown
        assert "Big spenders" not in shown
