"""Tests of the pages for each state of the published model."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.panels.drift import DRIFT
from bankseg_assets.release.releases import Refusal, note_refusal
from bankseg_assets.scoring.answers import NO_ACTION
from bankseg_assets.scoring.bundle import (
    load_bundle,
    score,
)
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT as ONE_SEGMENT_SENTENCE
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets_tests.app.odd_models import (
    ALL_CUSTOMERS,
    ONE_CUSTOMER,
    ONE_SEGMENT,
    REFUNDS,
    SAME_DAY,
)
from bankseg_assets_tests.app.publishing import INPUTS, publish, release, write_model

MAIN = Path(__file__).parents[2] / "app" / "main.py"


def _open() -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/new_customer.py").run()
    assert not page.exception
    return page


def _submit(page: AppTest, frequency: int, average_amount: float) -> AppTest:
    page.text_input(key="input_frequency").set_value(str(frequency))
    page.text_input(key="input_monetary").set_value(str(average_amount))
    next(b for b in page.button if b.label == "Find the segment").click().run()
    assert not page.exception
    return page


def _text(page: AppTest) -> str:
    elements = [*page.markdown, *page.caption, *page.error, *page.info, *page.header]
    return "\n".join(str(element.value) for element in elements)


def test_page_before_the_first_model_says_what_to_do(data_dir: Path) -> None:
    page = _open()
    assert "make run" in page.info[0].value
    assert str(data_dir / "landing") in page.info[0].value
    assert list(data_dir.iterdir()) == []  # opening the page creates nothing


def test_unreleased_model_is_not_used(data_dir: Path) -> None:
    write_model(data_dir)
    assert "There are no segments yet" in _open().info[0].value


def test_refusal_is_explained_on_overview(data_dir: Path) -> None:
    publish(data_dir)
    write_model(data_dir, version="second")
    reason = "Macro F1 is 0.5. If it is wanted, run `release` with `force: true`."
    found = Refusal(run_id="0123456789", at="2026-11-23T10:00:00+00:00", reasons=(reason,))
    note_refusal(data_dir / "published", found)
    page = _submit(_open(), 4, 900.0)
    assert not page.warning
    assert "A newer version was refused" in _text(page)
    assert "Answered by model first" in _text(page)
    page.switch_page("views/overview.py").run()
    assert "A newer version was refused.**\n- Macro F1 is 0.5. If" in page.warning[0].value
    assert "Model first stays in use" in page.warning[0].value
    note_refusal(data_dir / "published", None)
    assert not page.run().warning


def test_first_refusal_is_explained_on_overview(data_dir: Path) -> None:
    """The advice is not to repeat the batch, which would be refused again."""
    note_refusal(
        data_dir / "published", Refusal(run_id="run", at="now", reasons=("3 rows are lost.",))
    )
    page = _open()
    assert "The page Overview says why, and what to do." in page.info[0].value
    page.switch_page("views/overview.py").run()
    assert "- 3 rows are lost." in page.warning[0].value
    assert "the page Data shows what was quarantined" in page.warning[0].value
    assert "make materialize" not in page.warning[0].value


def test_open_page_shows_the_first_model(data_dir: Path) -> None:
    page = _open()
    publish(data_dir)
    page.run()
    assert len(page.text_input) == len(INPUTS)
    assert not page.toast  # there was no previous model


def test_form_is_empty_and_shows_ranges(data_dir: Path) -> None:
    publish(data_dir)
    page = _open()
    assert [field.value for field in page.text_input] == ["", ""]
    assert [field.label for field in page.text_input] == [
        "Number of transactions",
        "Sum of the amounts (INR)",
    ]
    assert "In the last 82 days. From 1 to 500 transactions." in _text(page)


def test_answer_equals_scoring(data_dir: Path) -> None:
    bundle = load_bundle(publish(data_dir))
    page = _submit(_open(), 4, 900.0)
    chances = score(bundle, {"frequency": 4, "monetary": 900.0}).probabilities[0]
    best = bundle.segments[chances.argmax()]
    assert page.header[0].value == best.name == "Frequent spenders"
    assert best.sentence in _text(page)
    assert "Answered by model first, from the snapshot of 22 October 2016." in _text(page)
    shown = page.table[0].value
    assert shown["Segment"].tolist()[0] == best.name
    assert shown["Probability"].tolist()[0] == "\\>99.9%"
    assert page.table[1].value["Customer"].tolist() == ["4", "INR 225", "—"]


def test_uncertain_answer_says_not_sure(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_open(), 1, 1700.0)
    assert "Not sure" in _text(page)
    assert "is also possible" in _text(page)


def test_value_outside_its_range_is_refused(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_submit(_open(), 4, 900.0), 501, 900.0)
    assert page.error[0].value == (
        "Number of transactions must be from 1 to 500 transactions; found 501."
    )
    assert not page.header


@pytest.mark.parametrize("typed", ["1.234,56", "1234,56", "3e1", "12abc"])
def test_misread_amount_is_refused_in_words(data_dir: Path, typed: str) -> None:
    """Each of these was silently another amount in a number field."""
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    page.text_input(key="input_monetary").set_value(typed).run()
    assert page.text_input(key="input_monetary").value == typed
    assert repr(typed) in page.error[0].value
    assert not page.header
    assert "appears here when the marked values are corrected" in _text(page)


def test_refused_text_is_not_markdown(data_dir: Path) -> None:
    publish(data_dir)
    page = _open()
    page.text_input(key="input_monetary").set_value("**12**").run()
    assert "\\*\\*12" in page.error[0].value


def test_understood_amount_is_shown_beside_its_field(data_dir: Path) -> None:
    folder = write_model(data_dir)
    release(data_dir, folder, load_bundle(folder).sha256, number_format="lakh")
    page = _open()
    page.text_input(key="input_monetary").set_value("1,23,456").run()
    assert ":material/check: INR 1,23,456" in [caption.value for caption in page.caption]


def test_answer_follows_changed_values(data_dir: Path) -> None:
    """A value that the answer does not include would belong to another customer."""
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    assert page.header[0].value == "Frequent spenders"
    page.text_input(key="input_frequency").set_value("1").run()
    assert page.header[0].value != "Frequent spenders"
    page.text_input(key="input_frequency").set_value("")
    page.text_input(key="input_monetary").set_value("").run()
    assert not page.header


def test_next_customer_empties_form_and_answer(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    next(b for b in page.button if b.label == "Next customer").click().run()
    assert not page.exception
    assert [field.value for field in page.text_input] == ["", ""]
    assert not page.header
    assert "The answer appears here." in _text(page)


def test_date_after_the_data_is_answered_in_words(data_dir: Path) -> None:
    publish(data_dir, **ONE_SEGMENT)
    page = _open()
    field = page.text_input(key="input_recency")
    assert field.label == "Date of the last transaction"
    field.set_value("2016-10-23").run()
    assert page.error[0].value.startswith("23 October 2016 is after the data")
    page.text_input(key="input_recency").set_value("21 October 2016").run()
    assert "21 October 2016, 1 day before the snapshot" in _text(page)


def test_form_shows_the_range_of_the_data(data_dir: Path) -> None:
    """Not the limits of what is accepted, which are up to a hundred times as wide."""
    folder = write_model(data_dir)
    counts = {"frequency": {1: 2000, 5: 50}, "monetary": {20: 100, 262: 2000}}
    release(data_dir, folder, load_bundle(folder).sha256, distributions=counts)
    page = _open()
    assert "In the data: 1 to 5 transactions." in _text(page)
    page = _submit(page, 40, 900.0)
    assert page.header[0].value == "Frequent spenders"
    assert (
        "- Number of transactions: 40, while customers in the data have 1 to 5."
        in page.warning[0].value
    )
    assert page.select_slider(key="what_if_frequency_40.0").options[-2:] == ["5", "40"]


def test_uncertain_answer_has_no_action_and_says_why(data_dir: Path) -> None:
    actions = [{"segment": number, "action": "Call them"} for number in range(3)]
    publish(data_dir, {"recommended_actions": actions})
    page = _submit(_open(), 1, 1700.0)
    assert "Call them" not in _text(page)
    assert NO_ACTION in _text(page)
    assert "Call them" in _text(_submit(page, 4, 900.0))


def test_form_accepts_refunds_if_the_model_does(data_dir: Path) -> None:
    publish(data_dir, **REFUNDS)
    page = _open()
    assert "From -2,000,000 to 2,000,000 INR." in _text(page)
    page = _submit(page, 1, -1234.5)
    assert not page.error
    assert page.header[0].value == "Small spenders"
    assert page.table[1].value["Customer"].tolist() == ["1", "INR -1,234.50", "—"]
    slider = page.select_slider(key="what_if_monetary_-1234.5")
    assert slider.value == -1234.5
    assert {"INR -12,000", "INR 0", "INR 12,000"} <= set(slider.options)
    assert _submit(page, 1, -3e6).error[0].value == (
        "Sum of the amounts must be from -2,000,000 to 2,000,000 INR; found -3,000,000."
    )


@pytest.mark.parametrize("odd", [ONE_SEGMENT, ONE_CUSTOMER])
def test_answer_with_a_single_segment(data_dir: Path, odd: dict[str, Any]) -> None:
    publish(data_dir, **odd)
    page = _open()
    page.text_input(key="input_recency").set_value("2016-10-21")
    next(b for b in page.button if b.label == "Find the segment").click().run()
    assert not page.exception
    assert page.header[0].value == ALL_CUSTOMERS
    assert ONE_SEGMENT_SENTENCE in _text(page)
    assert page.table[0].value.columns.tolist() == ["Measure", "Customer", "Segment median"]
    assert "F1" not in page.caption[-1].value


def test_notes_are_on_overview_and_a_badge_elsewhere(data_dir: Path) -> None:
    folder = write_model(data_dir, **ONE_SEGMENT)
    sha256 = load_bundle(folder).sha256
    shift = {"name": DRIFT, "verdict": "warned", "sentence": "Shifted.", "numbers": {}}
    warnings = [SAME_DAY, "2% of bank.csv is quarantined.", "Shifted."]
    release(data_dir, folder, sha256, gates=[shift], warnings=warnings)
    page = _open()
    assert not page.warning
    assert "3 notes on the data" in _text(page)
    page.switch_page("views/overview.py").run()
    (warning,) = page.warning
    assert f"- {SAME_DAY}" in warning.value
    assert "- 2% of bank.csv is quarantined." in warning.value
    assert warning.value.count(SAME_DAY) == 1
    assert "Shifted" not in warning.value
    assert "notes on the data" not in _text(page)
    assert ONE_SEGMENT_SENTENCE in page.info[0].value


def _change_over(page: AppTest) -> AppTest:
    page.button(key="adopt").click().run()
    assert not page.exception
    return page


def test_newer_version_is_offered(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    publish(data_dir, version="second", prior=[0.4, 0.4, 0.2])
    page.run()
    assert "A newer version of the segments is available." in page.info[0].value
    assert "Answered by model first" in _text(page)
    page = _change_over(page)
    assert [field.value for field in page.text_input] == ["4", "900.0"]
    assert "Answered by model second" in _text(page)
    assert not page.run().info


def test_removed_version_is_replaced_by_the_newest(data_dir: Path) -> None:
    folder = publish(data_dir)
    page = _open()
    publish(data_dir, version="second")
    folder.rename(data_dir / "removed")
    page.run()
    assert [toast.value for toast in page.toast] == [
        "The version you used was removed; this is a newer one."
    ]
    assert "Model second" in _text(page)


def test_model_with_more_inputs_has_an_empty_field(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    more = [*INPUTS, INPUTS[1] | {"measure": "average_balance", "label": "Average balance"}]
    publish(data_dir, version="second", inputs=more)
    page = _change_over(page.run())
    assert page.header[0].value == "Frequent spenders"
    assert [field.value for field in page.text_input] == ["4", "900.0", ""]


def test_form_values_survive_navigation(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    page.switch_page("views/segments.py").run()
    page.switch_page("views/new_customer.py").run()
    assert [field.value for field in page.text_input] == ["4", "900.0"]
    assert page.header[0].value == "Frequent spenders"


def test_session_keeps_the_last_good_model(data_dir: Path) -> None:
    publish(data_dir)
    page = _submit(_open(), 4, 900.0)
    (publish(data_dir, version="second", currency="EUR") / DOCUMENT_FILE).unlink()
    page.run()
    assert "cannot be read" in page.error[0].value
    assert "Model first stays in use" in page.error[0].value
    assert "make materialize" in page.error[0].value
    assert "Answered by model first" in _text(page)


def test_new_session_falls_back_on_the_previous_release(data_dir: Path) -> None:
    publish(data_dir)
    (publish(data_dir, version="second") / DOCUMENT_FILE).write_text("{", encoding="utf-8")
    page = _submit(_open(), 4, 900.0)
    assert "cannot be read" in page.error[0].value
    assert "Answered by model first" in _text(page)


def test_changed_model_is_not_used(data_dir: Path) -> None:
    release(data_dir, write_model(data_dir), sha256="0" * 64)
    page = _open()
    assert "not the released one" in page.error[0].value
    assert "no earlier model" in page.error[0].value
    assert not page.text_input


def test_replaced_data_folder_is_followed(data_dir: Path) -> None:
    publish(data_dir)
    page = _open()
    (data_dir / "published").rename(data_dir / "old")
    page.run()
    assert "It was removed. Model first stays in use" in page.error[0].value
    publish(data_dir, version="second", currency="EUR")
    page.run()
    assert not page.error
    assert "Model second" in _text(page)


@pytest.mark.parametrize("view", ["views/new_customer.py", "views/segments.py"])
def test_footer_names_model_date_customers_and_quality(data_dir: Path, view: str) -> None:
    publish(data_dir)
    page = _open().switch_page(view).run()
    assert page.caption[-1].value == (
        "Model first · snapshot of 22 October 2016 · 884,265 customers · "
        "F1 on held-out customers 98.1%"
    )


def test_segments_page_has_a_card_per_segment(data_dir: Path) -> None:
    sizes = {"segment": 2, "customers": 2000, "total_monetary": 12e6, "people": ""}
    publish(data_dir, {"segment_profiles": [sizes]})
    page = _open().switch_page("views/segments.py").run()
    assert not page.exception
    names = ["Small spenders", "Frequent spenders", "Big spenders"]
    assert [card.value for card in page.subheader] == names
    assert page.table[0].value.columns.tolist() == ["Measure", *names]
    assert [(one.label, one.value) for one in page.metric][-3:] == [
        ("Customers", "2,000"),
        ("Money", "INR 12 million"),
        ("Money per customer", "INR 6,000"),
    ]
    page.button(key="details_2").click().run()
    assert not page.exception
    assert page.table[1].value.columns.tolist() == ["Measure", "Segment median", "Index"]
