"""eda_report: one self-contained page with the tables behind it."""

import json
import re

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import DEMO_ROWS


def page(batch: Platform) -> str:
    return (batch.run.folder("eda_report") / "report.html").read_text(encoding="utf-8")


def test_page_loads_nothing_from_elsewhere(batch: Platform) -> None:
    # plotly's own script contains URLs for maps, which this page does not use.
    without_scripts = re.sub(r"<script.*?</script>", "", page(batch), flags=re.DOTALL)
    assert "<html" in without_scripts
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?!#|data:)""", without_scripts)
    assert not re.findall(r"<script[^>]*\ssrc", page(batch))
    assert not re.findall(r"<link|@import|url\((?!data:)", without_scripts)


def test_page_embeds_plotly(batch: Platform) -> None:
    assert "plotly.js v" in page(batch)
    assert "Plotly.newPlot(" in page(batch)


def test_tables_of_page_are_published(batch: Platform) -> None:
    file = batch.run.folder("eda_report") / "model.json"
    tables = json.loads(file.read_text(encoding="utf-8"))
    assert tables["overview"][0]["transactions"] == DEMO_ROWS - 1
    by_hour = [row["rows"] for row in tables["transactions_by_hour"]]
    # Counts of the night hours may be too small to show.
    assert 0.95 * DEMO_ROWS < sum(by_hour) < DEMO_ROWS
    assert min(by_hour) >= SMALLEST_CELL


def test_size_of_data_is_recorded(batch: Platform) -> None:
    found = batch.run.metadata["eda_report"]
    assert found["transactions"] == DEMO_ROWS - 1
    assert found["customers"] == batch.run.metadata["rfm_table"]["n_customers"]
    # Customer numbers mix people in the demo as they do in the real file.
    assert found["identity_conflict_share_of_repeat"] > 0.8
