"""The page that scores a list: detection, corrections, and what outlives a change of page."""

from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.panels import lists
from bankseg_assets.scoring.lists.reading import CHUNK_ROWS, Dialect
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.scoring.lists.sample_lists import FORM_INPUTS

MAIN = Path(__file__).parents[3] / "app" / "main.py"
SAMPLE = "customer_id,frequency,monetary\nC1,1,300\nC2,x,450\nC3,,\n"


@pytest.fixture
def page(data_dir: Path) -> AppTest:
    """The page, with a model."""
    publish(data_dir, inputs=FORM_INPUTS)
    found = AppTest.from_file(str(MAIN), default_timeout=60).run()
    return found.switch_page("views/batch.py").run()


def upload(page: AppTest, content: str | bytes, name: str = "list.csv") -> AppTest:
    data = content.encode() if isinstance(content, str) else content
    page.file_uploader(key="list").set_value((name, data, "text/csv")).run()
    assert not page.exception
    return page


def counts(page: AppTest) -> dict[str, str]:
    return {box.label: box.value for box in page.metric}


def selector(page: AppTest, label: str) -> str | None:
    return next(box.value for box in page.selectbox if box.label == label)


def test_upload_is_previewed_and_scored(page: AppTest) -> None:
    upload(page, SAMPLE)
    assert counts(page) == {"Rows": "3", "Not sure": "1", "With errors": "1"}
    understood = page.table[0].value
    assert understood["Sum of the amounts"].tolist() == ["INR 300", "INR 450", "unknown"]
    assert understood["Number of transactions"].tolist()[1] == "not understood"
    assert "1 of 3 are uncertain because" in page.info[0].value


def test_excel_export_of_a_german_bank_is_read(page: AppTest) -> None:
    upload(page, "Kunden-Nr;Anzahl;Umsatz\nC1;2;1.234,56\n".encode("cp1252"))
    assert counts(page) == {"Rows": "1", "Not sure": "0", "With errors": "0"}
    assert selector(page, "Number of transactions") == "Anzahl"
    assert page.table[0].value["Sum of the amounts"].tolist() == ["INR 1,234.56"]


def test_outcome_is_above_the_settings(page: AppTest) -> None:
    upload(page, "customer_id,frequency,monetary\nC1,2,500\nC2,zero,500\nC3,,\n")
    (said,) = [one.value for one in page.markdown if "Rows scored" in one.value]
    assert "2 of 3; uncertain: 1; with errors, which can be corrected below: 1." in said


def test_selector_changes_the_reading(page: AppTest) -> None:
    upload(page, "customer_id;frequency;monetary\nC1;2;1,234\n")
    assert page.table[0].value["Sum of the amounts"].tolist() == ["INR 1,234"]
    next(box for box in page.selectbox if box.label == "Decimal mark").set_value(",").run()
    assert page.table[0].value["Sum of the amounts"].tolist() == ["INR 1.23"]


def test_other_file_is_called_what_it_is(page: AppTest) -> None:
    upload(page, b"%PDF-1.7\n", "list.csv")
    assert page.error[0].value == ("list.csv is a PDF document. Export the list as CSV or XLSX.")


def test_doubled_column_is_chosen_by_the_user(page: AppTest) -> None:
    upload(page, "customer_id,frequency,frequency,monetary\nC1,2,3,500\n")
    assert "occurs 2 times" in page.warning[0].value
    assert selector(page, "Number of transactions") == ""
    box = next(box for box in page.selectbox if box.label == "Number of transactions")
    box.set_value("frequency (column 3)").run()
    assert page.table[0].value["Number of transactions"].tolist() == ["3 transactions"]


def test_list_outlives_a_change_of_page(page: AppTest) -> None:
    upload(page, "customer_id;frequency;monetary\nC1;2;1,234\n")
    next(box for box in page.selectbox if box.label == "Decimal mark").set_value(",").run()
    page.switch_page("views/segments.py").run()
    page.switch_page("views/batch.py").run()
    assert counts(page)["Rows"] == "1"
    assert page.table[0].value["Sum of the amounts"].tolist() == ["INR 1.23"]


def test_list_is_removed_on_request(page: AppTest) -> None:
    upload(page, SAMPLE)
    page.button(key="forget_list").click().run()
    assert not page.metric


def test_newcomer_may_try_a_sample(page: AppTest) -> None:
    page.button(key="example").click().run()
    assert not page.exception
    assert counts(page)["With errors"] == "1"
    assert "These customers are invented" in "\n".join(one.value for one in page.caption)


def test_all_rows_with_errors_are_reached_by_pages(page: AppTest) -> None:
    rows = "".join(f"C{number},x,1\n" for number in range(120))
    upload(page, "customer_id,frequency,monetary\n" + rows)
    assert counts(page)["With errors"] == "120"
    assert "Rows 1 to 50 of 120." in "\n".join(one.value for one in page.caption)


def test_csv_in_chunks_equals_whole_csv() -> None:
    import pyarrow as pa

    rows = CHUNK_ROWS + 1
    table = pa.table({"name": ["=1+1", *["Pune"] * rows], "sum": range(rows + 1)})
    found = pd.read_csv(BytesIO(lists.as_csv(table, Dialect(delimiter=";"))), sep=";")
    assert found["name"].tolist() == ["'=1+1", *["Pune"] * rows]
    assert found["sum"].tolist() == list(range(rows + 1))
