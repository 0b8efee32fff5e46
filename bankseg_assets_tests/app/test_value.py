"""Tests of the page of forecasts."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.panels.value import test_table as table_of_errors
from app.widgets.numbers import Numbers
from bankseg_assets.scoring.segment_names import NAMES_FILE
from bankseg_assets.storage.documents import replace_json
from bankseg_assets_tests.app.customers import MAIN
from bankseg_assets_tests.app.publishing import publish, segments_with_ids
from bankseg_assets_tests.value.documents import value_document

PROFILES = [
    {
        **{"segment": number, "segment_name": name, "customers": count},
        **{"total_spend_next_90": spend, "mean_p_alive": alive},
    }
    for number, name, count, spend, alive in (
        (0, "Small spenders", 50, 1_000.0, 0.25),
        (1, "Frequent spenders", 30, 9_000.0, None),
        (2, "Big spenders", 0, None, None),
    )
]


def opened() -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/value.py").run()
    assert not page.exception, page.exception
    return page


def test_value_page_has_segments_and_test(data_dir: Path) -> None:
    publish(data_dir, {"segment_profiles": PROFILES}, {"value_model": value_document()})
    page = opened()
    assert "better than both baselines" in page.success[0].value
    segments, tested, deciles = (table.value for table in page.table)
    assert segments["Segment"].tolist() == ["Frequent spenders", "Small spenders"]
    assert segments["Per customer"].tolist() == ["INR 300", "INR 20"]
    assert segments["Still active"].tolist() == ["—", "25.0%"]
    assert tested["By"][0] == "Model (BG/NBD, Gamma-Gamma) (shown)"
    assert len(tested) == 6
    assert len(deciles) == 10


def test_value_page_has_no_minus_before_a_zero() -> None:
    document = value_document()
    document["days_quality"]["past"] |= {"rank_correlation": -0.0004, "mae": -0.0}
    found = table_of_errors(document, Numbers("INR"), direction_known=False)
    assert found["Ranking"][1] == "0.00"
    assert found["Error"][1] == "0"


def test_value_page_has_the_names_of_the_bank(data_dir: Path) -> None:
    publish(
        data_dir,
        {"segment_profiles": PROFILES},
        {"value_model": value_document()},
        segments=segments_with_ids(1),
    )
    replace_json(data_dir / "published" / NAMES_FILE, {"names": {"2": "Our best"}})
    assert opened().table[0].value["Segment"].tolist() == ["Our best", "Small spenders"]


def test_value_page_says_why_forecasts_are_not_tested(data_dir: Path) -> None:
    document = value_document(tested=False)
    publish(data_dir, {"segment_profiles": PROFILES}, {"value_model": document})
    page = opened()
    assert "span 20 days" in page.warning[0].value
    assert "not tested" in page.caption[-2].value or "not tested" in str(page.caption)


def test_value_page_of_older_release_names_next_step(data_dir: Path) -> None:
    publish(data_dir)
    assert "The next batch makes them" in opened().info[0].value


def test_value_page_shows_a_baseline_if_the_model_predicts_nothing(data_dir: Path) -> None:
    """As in a file where hardly any customer comes again."""
    document = value_document(returning=0.02)
    publish(data_dir, {"segment_profiles": PROFILES}, {"value_model": document})
    page = opened()
    assert "do not choose customers by this forecast" in page.warning[0].value
    tested = page.table[1].value
    assert tested["By"][1] == "The past repeated (shown)"
    assert any("by: the past repeated" in one.value for one in page.caption)
