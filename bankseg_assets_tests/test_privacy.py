"""A customer's ID and birth date, delivered in every way, occur only in the tables.

The batch runs as `make materialize` in a separate process, so that all its output can be searched:
terminal, logs, Dagster's databases and event log, ledger, pages, models.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets.storage.version_store import VersionStore
from ops.demo.transactions import HEADER, write_demo_transactions

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

ROOT = Path(__file__).parents[1]
CUSTOMER = "CANARY730539118264"
DELIVERED_BIRTH = "17/3/29"
BIRTHS = (DELIVERED_BIRTH, "17/03/29", "17/3/1929", "17/03/1929", "1929-03-17", "1929-3-17")
BIRTHS_TOO = ("19290317", "3/17/29", "03/17/1929", "Mar 17, 1929", "17 March 1929", "1929, 3, 17")
CANARIES = (CUSTOMER, *BIRTHS, *BIRTHS_TOO)
AGGREGATES = (
    *("segment_profiles", "segment_demographics", "segment_migration"),
    *("rfm_grid", "rfm_groups", "recommended_actions", "customer_value"),
)
PERSONAL = (*(TABLES.keys() - set(AGGREGATES)),)
COUNTS = "transaction_counts"
"""A document with small cells, which the EDA report omits: a place that one customer has."""
RECORD = f"T1,{CUSTOMER},{DELIVERED_BIRTH},F,PUNE,1702.50,2/8/16,130501,459"
COLUMNS = HEADER + "\n"


def record(number: int, **changes: str) -> str:
    """Return a valid record of the canary; `changes` replace text in it."""
    text = RECORD.replace("T1,", f"T{number},", 1)
    for old, new in changes.items():
        text = text.replace(old.replace("_", "/"), new)
    return text


# Name -> content of rejected files.
REFUSED: dict[str, bytes] = {
    "without_a_header.csv": f"{record(1)}\n{record(2)}\n".encode(),
    "header_runs_on.csv": f"{HEADER}{record(1)}\n{record(2)}\n".encode(),
    "two_names_lost.csv": (
        HEADER.replace("CustomerID", CUSTOMER).replace("CustomerDOB", DELIVERED_BIRTH)
        + f"\n{record(1)}\n"
    ).encode(),
    "latin.csv": f"{COLUMNS}{record(1)}\n{record(2, PUNE='CAFÉ')}\n".encode("latin-1"),
    "nul.csv": f"{COLUMNS}{record(1)}\n{record(2, PUNE=chr(0))}\n".encode(),
    "long.csv": f"{COLUMNS}{record(1, PUNE='P' * 1_100_000)}\n".encode(),
    "semicolons.csv": f"{COLUMNS}{record(1)}\n".replace(",", ";").encode(),
    "cut.csv.gz": b"\x1f\x8b\x08" + record(1).encode(),
    "not.parquet": b"PAR1" + f"{COLUMNS}{record(1)}\n".encode(),
}
# Records of an accepted file: invalid, duplicate, contradictory and malformed ones.
ROWS = [
    record(9_000_001),
    record(9_000_001),
    record(9_000_002),
    record(9_000_002, **{"459": "460"}),
    record(9_000_003, **{"2_8_16": "32/13/16"}),
    record(9_000_004, **{"1702.50": f"{CUSTOMER}"}),
    record(9_000_005, **{"130501": DELIVERED_BIRTH}),
    record(9_000_006, **{",F,": f",{CUSTOMER},"}),
    record(9_000_007, **{DELIVERED_BIRTH.replace("/", "_"): f"{DELIVERED_BIRTH}x"}),
    record(9_000_008, **{"PUNE": f"{CUSTOMER} {DELIVERED_BIRTH}"}),
    f"T9000009,{CUSTOMER},{DELIVERED_BIRTH}",
    f"{record(9_000_010)},{CUSTOMER},{DELIVERED_BIRTH}",
    f"{CUSTOMER},{DELIVERED_BIRTH},,,,,,,",
]
# The canary's values as names of columns that are not in the contract.
EXTRA_COLUMNS = f"{HEADER},{CUSTOMER},{DELIVERED_BIRTH}\n{record(9_000_011)},a,b\n"


# An unclosed quote absorbs the following records.
OPEN_QUOTE = f"{COLUMNS}{record(9_000_012)}\n{record(9_000_013, PUNE=chr(34) + 'PUNE')}\n"


@dataclass(frozen=True)
class Batch:
    """The output of two batches: one of rejected files only, which fails, and one of all files."""

    settings: Settings
    first: subprocess.CompletedProcess[bytes]
    second: subprocess.CompletedProcess[bytes]

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and bytes of every file but the tables of persons."""
        for name in ("first", "second"):
            process = getattr(self, name)
            yield f"terminal of the {name} batch", process.stdout + process.stderr
        for path in sorted(self.settings.data_dir.rglob("*")):
            if path.is_file() and not _may_hold_persons(path, self.settings):
                yield str(path.relative_to(self.settings.data_dir)), path.read_bytes()


def _may_hold_persons(path: Path, settings: Settings) -> bool:
    delivered = {settings.landing_dir, settings.raw_dir}
    delivered |= {settings.holdings_dir, settings.raw_holdings_dir}
    if not delivered.isdisjoint(path.parents):
        return True
    tables = {settings.published_dir / name for name in PERSONAL}
    if path.name == DOCUMENT_FILE and settings.published_dir / COUNTS in path.parents:
        return True
    return path.suffix == ".parquet" and not tables.isdisjoint(path.parents)


def found_in(content: bytes) -> list[str]:
    """Return the canaries in a content, in every encoding that Python and Java write."""
    return [
        canary
        for canary in CANARIES
        if any(canary.encode(code) in content for code in ("utf-8", "utf-16-le", "utf-16-be"))
    ]


# A rejected file of holdings, and one with the canary's name as product.
NO_HOLDINGS = f"{CUSTOMER},{DELIVERED_BIRTH}\n{CUSTOMER},Loan\n"


def holdings(transactions: Path) -> str:
    """Return holdings of the canary and of 40 customers with transactions, some of them faulty."""
    records = transactions.read_text(encoding="utf-8").splitlines()[1:]
    others = sorted({line.split(",")[1] for line in records})[:40]
    rows = (
        *(f"{CUSTOMER},{product}" for product in ("Loan", "Loan", CUSTOMER, "")),
        f"{CUSTOMER},Loan,{DELIVERED_BIRTH}",
        *(f"{other},{('Loan', 'Fund')[number % 2]}" for number, other in enumerate(others)),
    )
    return "customer_id,product\n" + "".join(f"{row}\n" for row in rows)


def land_holdings(settings: Settings, name: str, content: str) -> None:
    settings.holdings_dir.mkdir(parents=True, exist_ok=True)
    (settings.holdings_dir / name).write_text(content, encoding="utf-8")
    (settings.holdings_dir / f"{name}.done").touch()


def land(settings: Settings, name: str, content: bytes) -> None:
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    (settings.landing_dir / name).write_bytes(content)
    (settings.landing_dir / f"{name}.done").touch()


def materialize(settings: Settings) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | {
        "BANKSEG_DATA_DIR": str(settings.data_dir),
        "BANKSEG_SPARK_MASTER": "local[2]",
    }
    command = [sys.executable, "-m", "ops.launch.materialize"]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False)


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """Run the two batches."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("canary"))
    for name, content in REFUSED.items():
        land(settings, name, content)
    first = materialize(settings)
    others = settings.data_dir / "others.csv"
    write_demo_transactions(others, rows=3_000, seed=7)
    land(settings, "bank.csv", others.read_bytes() + "".join(f"{r}\n" for r in ROWS).encode())
    land(settings, "extra_columns.csv", EXTRA_COLUMNS.encode())
    land(settings, "open_quote.csv", OPEN_QUOTE.encode())
    land_holdings(settings, "no_holdings.csv", NO_HOLDINGS)
    land_holdings(settings, "holdings.csv", holdings(others))
    others.unlink()
    return Batch(settings, first, materialize(settings))


def test_canary_is_in_every_table_of_persons(batch: Batch) -> None:
    """Otherwise the other tests would prove nothing."""
    assert batch.first.returncode == 1
    assert b"No transaction file was accepted" in batch.first.stdout
    assert batch.second.returncode == 0, batch.second.stdout.decode()
    store = VersionStore(batch.settings.published_dir)
    for name in PERSONAL:
        text = str(pq.read_table(store.latest(name)).to_pylist())
        assert CUSTOMER in text, name
    assert CUSTOMER in (store.latest(COUNTS) / DOCUMENT_FILE).read_text(encoding="utf-8")
    reasons = pq.read_table(store.latest("quarantined_transactions"))["reason"].to_pylist()
    assert len(set(reasons)) >= 8


def test_rejected_files_have_the_expected_reasons(batch: Batch) -> None:
    output = batch.first.stdout.decode() + (
        batch.settings.data_dir / "logs" / "materialize.log"
    ).read_text(encoding="utf-8")
    for name in REFUSED:
        assert f"{name}: rejected" in output or f"{name} " in output, name


def test_search_covers_databases_log_and_ledger(batch: Batch) -> None:
    """Names that must exist are found in databases, event log and ledger."""
    holding = [name for name, content in batch.places() if b"without_a_header.csv" in content]
    assert any(name.startswith("dagster_home/") and ".db" in name for name in holding)
    assert any("ledger" in name for name in holding)
    searched = [name for name, _ in batch.places()]
    for expected in ("report.html", "model.json", "materialize.log", "dagster.yaml"):
        assert any(name.endswith(expected) for name in searched), expected


def test_canary_is_only_in_the_tables(batch: Batch) -> None:
    hits = {name: found for name, content in batch.places() if (found := found_in(content))}
    assert hits == {}


@pytest.mark.parametrize("table", AGGREGATES)
def test_aggregate_tables_contain_no_person(batch: Batch, table: str) -> None:
    folder = VersionStore(batch.settings.published_dir).latest(table)
    assert found_in(str(pq.read_table(folder).to_pylist()).encode()) == []


def test_app_pages_do_not_show_the_canary(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(batch.settings.data_dir))
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page("views/new_customer.py").run()
    page.text_input(key="input_frequency").set_value("2")
    next(button for button in page.button if button.label == "Find the segment").click().run()
    shown = everything_on(page)
    for view in sorted((ROOT / "app" / "views").glob("*.py")):
        page.switch_page(f"views/{view.name}").run()
        assert not page.exception
        shown += everything_on(page)
    assert b"Most likely segment" in shown or b"Not sure" in shown
    assert found_in(shown) == []


def everything_on(page: AppTest) -> bytes:
    """Return what the server sends to the browser for a page, including charts."""
    return b"".join(element.proto.SerializeToString() for element in page.main if element.proto)
