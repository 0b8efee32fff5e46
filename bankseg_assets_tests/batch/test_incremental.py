"""Incremental cleaning keeps earlier results and equals cleaning all files at once."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.cleaning import incremental
from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, Settings
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import Run, run_platform
from ops.demo.transactions import write_demo_transactions

pytestmark = pytest.mark.slow

TABLES = ("cleaned_transactions", "quarantined_transactions")


@dataclass
class Bank:
    """A platform with its landing folder and cleaned tables."""

    settings: Settings
    spark: SparkResource

    def land(self, name: str, *lines: str) -> None:
        """Put a file with the header and these records into the landing folder."""
        self.settings.landing_dir.mkdir(parents=True, exist_ok=True)
        (self.settings.landing_dir / name).write_text("".join([HEADER, *lines]), encoding="utf-8")
        (self.settings.landing_dir / f"{name}.done").touch()

    def clean(self) -> Run:
        """Ingest and clean the landed files."""
        run = run_platform(resources(self.settings, spark=self.spark), job="ingestion")
        assert run.failures == {}
        assert all(check.passed for check in run.checks.values())
        return run

    def count(self) -> Run:
        """Count the cleaned transactions for the EDA report."""
        run = run_platform(
            resources(self.settings, spark=self.spark), assets=["transaction_counts"]
        )
        assert run.failures == {}
        return run

    def table(self, asset: str) -> pa.Table:
        """Return the newest rows, sorted."""
        found = pq.read_table(VersionStore(self.settings.published_dir).latest(asset))
        return found.sort_by([("delivery", "ascending"), ("row_number", "ascending")])

    def reasons(self) -> dict[str, list[str]]:
        """Return source file -> reasons of quarantined rows."""
        found: dict[str, list[str]] = {}
        for row in self.table("quarantined_transactions").to_pylist():
            found.setdefault(row["source_file"], []).append(row["reason"])
        return {name: sorted(reasons) for name, reasons in found.items()}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("demo") / "x"
    write_demo_transactions(path, rows=600, seed=3)
    return path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]


HEADER = (
    "TransactionID,CustomerID,CustomerDOB,CustGender,CustLocation,CustAccountBalance,"
    "TransactionDate,TransactionTime,TransactionAmount (INR)\n"
)


@pytest.fixture
def bank(tmp_path: Path, spark_resource: SparkResource) -> Bank:
    return Bank(Settings(data_dir=tmp_path / "data"), spark_resource)


def other_amount(line: str, amount: str = "77.77") -> str:
    return f"{line.rpartition(',')[0]},{amount}\n"


def worked_on(run: Run) -> int:
    found: int = run.metadata["cleaned_transactions"]["deliveries_cleaned_now"]
    return found


def files(run: Run, asset: str = "cleaned_transactions") -> set[int]:
    """Return the inodes of a version's files: a linked file keeps its own."""
    return {path.stat().st_ino for path in run.folder(asset).glob("*.parquet")}


def test_late_files_give_same_result_as_all_at_once(
    bank: Bank, lines: list[str], tmp_path: Path, spark_resource: SparkResource
) -> None:
    deliveries = {
        "a.csv": lines[:300],
        # Two of a's rows again, one contradicted, one record that is none.
        "b.csv": [*lines[300:500], *lines[5:7], other_amount(lines[9]), "DT1,too,few\n"],
        # The contradiction is resolved, b's row is repeated and another contradicted.
        "corrections_c.csv": [other_amount(lines[9], "1.23"), lines[310]],
        "d.csv": [*lines[500:], other_amount(lines[20]), lines[5], lines[5]],
    }
    for count, (name, content) in enumerate(deliveries.items(), 1):
        bank.land(name, *content)
        run = bank.clean()
        assert worked_on(run) == 1
        assert run.metadata["cleaned_transactions"]["deliveries"] == count
    assert bank.reasons()["b.csv"].count("wrong_number_of_fields") == 1
    assert "corrected" in bank.reasons()["a.csv"]
    assert "conflicting_duplicate" in bank.reasons()["d.csv"]

    at_once = Bank(Settings(data_dir=tmp_path / "other"), spark_resource)
    for name, content in deliveries.items():
        at_once.land(name, *content)
    assert worked_on(at_once.clean()) == len(deliveries)
    for asset in TABLES:
        assert bank.table(asset).equals(at_once.table(asset)), asset


def test_later_export_wins_if_contract_says_so(
    bank: Bank, lines: list[str], tmp_path: Path
) -> None:
    """Both land together: the one whose name comes later is the later delivery."""
    path = tmp_path / "contract.toml"
    text = DEFAULT_CONTRACT.read_text("utf-8")
    path.write_text(text.replace("[file]", 'on_conflict = "latest"\n[file]', 1), "utf-8")
    bank.settings = replace(bank.settings, contract=path)
    bank.land("tuesday.csv", *map(other_amount, lines[:50]), *lines[50:80])
    bank.land("monday.csv", *lines[:60])
    run = bank.clean()
    assert run.metadata["cleaned_transactions"]["rows_clean"] == 80
    assert bank.reasons() == {"monday.csv": ["corrected"] * 50 + ["duplicate"] * 10}
    bank.land("wednesday.csv", lines[3])
    bank.clean()
    assert bank.reasons()["tuesday.csv"] == ["corrected"]
    kept = bank.table("cleaned_transactions").to_pylist()
    assert [row["source_file"] for row in kept].count("tuesday.csv") == 79


def test_untouched_files_are_linked(bank: Bank, lines: list[str]) -> None:
    bank.land("a.csv", *lines[:100])
    bank.land("b.csv", *lines[100:200], "junk\n")
    before = bank.clean()
    assert worked_on(before) == 2
    bank.land("c.csv", *lines[200:300])
    after = bank.clean()
    for asset in TABLES:
        assert files(before, asset) <= files(after, asset), asset
    again = bank.clean()
    assert worked_on(again) == 0
    assert files(again) == files(after)


def counted(run: Run) -> tuple[int, dict[str, object]]:
    """Return the rows that a run counted, and its document."""
    document = read_document(run.folder("transaction_counts"))
    return run.metadata["transaction_counts"]["transactions_counted"], document


def test_counts_add_up_over_deliveries(bank: Bank, lines: list[str]) -> None:
    bank.land("a.csv", *lines[:100])
    bank.clean()
    assert counted(bank.count())[0] == 100
    # 50 new rows; one of a's is contradicted, so a's part is rewritten.
    bank.land("b.csv", *lines[100:150], other_amount(lines[3]))
    bank.clean()
    n_counted, document = counted(bank.count())
    assert n_counted == 50 + 99 + 100
    (latest,) = VersionStore(bank.settings.published_dir).versions("transaction_counts")[-1:]
    assert counted(bank.count()) == (0, document)
    shutil.rmtree(latest.parent)
    assert counted(bank.count()) == (149, document)


def test_only_affected_delivery_is_rewritten(bank: Bank, lines: list[str]) -> None:
    bank.land("a.csv", *lines[:100])
    bank.land("b.csv", *lines[100:200])
    before = bank.clean()
    bank.land("c.csv", lines[200], other_amount(lines[3]))
    after = bank.clean()
    kept = {path.name for path in before.folder("cleaned_transactions").glob("*.parquet")}
    same = files(before) & files(after)
    assert len(kept) - len(same) == 1
    assert bank.reasons() == {
        "a.csv": ["conflicting_duplicate"],
        "c.csv": ["conflicting_duplicate"],
    }


def test_repaired_row_is_accepted_on_redelivery(bank: Bank, lines: list[str]) -> None:
    fields = lines[0].split(",")
    bank.land("a.csv", *lines[1:50], ",".join([*fields[:-3], "32/13/16", *fields[-2:]]))
    bank.clean()
    assert bank.reasons() == {"a.csv": ["invalid_transaction_date"]}
    bank.land("repaired.csv", lines[0])
    run = bank.clean()
    assert run.metadata["cleaned_transactions"]["rows_clean"] == 50
    assert bank.reasons() == {"a.csv": ["invalid_transaction_date"]}


def test_changed_rules_reclean_everything(
    bank: Bank, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.land("a.csv", *lines[:100])
    before = bank.clean()
    monkeypatch.setattr(incremental, "_fingerprint", lambda _: "another")
    after = bank.clean()
    assert worked_on(after) == 1
    assert not files(before) & files(after)


def test_ignored_demo_data_recleans_everything(bank: Bank, lines: list[str]) -> None:
    bank.land("demo_transactions.csv", *lines[:100])
    bank.clean()
    bank.land("real.csv", *lines[100:200])
    run = bank.clean()
    assert worked_on(run) == 1
    assert run.metadata["cleaned_transactions"]["rows_in"] == 100
    assert set(bank.table("cleaned_transactions")["source_file"].to_pylist()) == {"real.csv"}


@pytest.mark.parametrize("damage", ["cut", "gone", "basis"])
def test_damaged_version_is_not_reused(bank: Bank, lines: list[str], damage: str) -> None:
    bank.land("a.csv", *lines[:100])
    before = bank.clean()
    expected = bank.table("cleaned_transactions")
    folder = before.folder("cleaned_transactions")
    file = next(folder.glob("*.parquet"))
    match damage:
        case "cut":
            file.write_bytes(file.read_bytes()[:-100])
        case "gone":
            file.unlink()
        case "basis":
            (folder / "_basis.json").write_text(json.dumps({}))
    after = bank.clean()
    assert worked_on(after) == 1
    assert bank.table("cleaned_transactions").equals(expected)
