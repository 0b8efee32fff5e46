"""What is older than its limit leaves, does not return, and a killed removal is finished."""

import json
import os
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.erasure.aged_rows import quarantined_numbers
from bankseg_assets.erasure.forget import finish_interrupted, forget
from bankseg_assets.erasure.limits import Limits, kept_from, limits_of, removed_before
from bankseg_assets.erasure.plan import is_outdated
from bankseg_assets.erasure.retention import Retained, remove_arrived, retain
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.release.releases import current_release
from bankseg_assets.release.unreleased_versions import CANDIDATE
from bankseg_assets.runtime.settings import Settings, SettingsError
from bankseg_assets.storage.documents import write_document
from bankseg_assets.storage.run_lock import RunInProgressError, held_by_erasure, held_by_run
from bankseg_assets.storage.version_store import version_basis
from bankseg_assets_tests.erasure.bank import CONTRACT, OLD, OLD_DAY, Bank, bank
from bankseg_assets_tests.erasure.test_forget import assert_sound, killer, tables

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=40)
TEN_YEARS_AND_A_HALF = Limits(transactions_months=126)
FIRST = date(2016, 5, 27)
OLD_ID = f"{OLD}5555555"


def find_old(
    files: Mapping[str, Path], taken_on: Mapping[str, date], before: date, folder: Path
) -> dict[str, list[Path]]:
    """Find the rows with the old day, as Spark does in a batch."""
    found = {}
    for delivery, path in files.items():
        rows = pq.read_table(path).to_pylist()
        old = [row["row_number"] for row in rows if row["transaction_date"] == OLD_DAY]
        found[delivery] = [folder / delivery]
        pq.write_table(pa.table({"row_number": pa.array(old, pa.int64())}), folder / delivery)
    return found


def old_bank(folder: Path) -> Bank:
    """Return a bank with three releases, and old rows in files of each format."""
    found = bank(folder)
    found.deliver("old.csv", OLD_ID, "C1", f"{OLD}6666666")
    found.deliver("old.csv.gz", "C2", OLD_ID)
    found.deliver("old.parquet", OLD_ID, "C3")
    found.deliver("all_old.csv", OLD_ID, f"{OLD}6666666")
    found.take()
    for _ in range(3):
        found.publish()
    return found


def remove(found: Bank, limits: Limits = TEN_YEARS_AND_A_HALF, **options: object) -> Retained:
    given: dict[str, object] = {"now": NOW, **options}
    return retain(found.settings, CONTRACT, limits, find_old, **given)  # type: ignore[arg-type]


def old_rows(found: Bank) -> list[str]:
    """Return the files with rows of transactions that are old."""
    data = found.settings.data_dir
    paths: Iterable[Path] = sorted(
        {*data.glob("published/*transactions/*/*"), *data.glob("raw/*/*")}
    )
    names = [
        str(path.relative_to(data))
        for path in paths
        if path.suffix == ".parquet"
        and OLD_ID in pq.read_table(path).to_pydict().get("customer_id", ())
    ]
    landed = [path.name for path in (data / "landing").iterdir() if OLD_DAY in _text(path)]
    return [*names, *landed]


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1") if path.suffix == ".csv" else ""


def test_old_rows_leave_originals_records_and_tables(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    assert len(old_rows(found)) > 10
    done = remove(found)
    assert old_rows(found) == []
    assert (done.kept_from, done.rows > 0) == (FIRST, True)
    assert_sound(found)


def test_other_rows_and_the_release_stay(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    release = current_release(found.settings.published_dir)
    remove(found)
    assert release is not None
    after = current_release(found.settings.published_dir)
    assert after is not None
    assert after.name == release.name
    cleaned = pq.read_table(found.store.latest("cleaned_transactions"))
    assert set(cleaned["customer_id"].to_pylist()) >= {"C1", "C2", "C3", "C4", "C5"}
    segments = pq.read_table(found.store.latest("customer_segments"))
    assert OLD_ID in segments["customer_id"].to_pylist()  # until the next batch


def test_next_batch_is_due(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    latest = found.store.latest("cleaned_transactions")
    assert not is_outdated(version_basis(latest))
    remove(found)
    assert is_outdated(version_basis(latest))


@pytest.mark.parametrize("name", ["old.csv", "old.csv.gz", "old.parquet", "all_old.csv"])
def test_same_file_again_is_known(tmp_path: Path, name: str) -> None:
    found = old_bank(tmp_path)
    before = (found.settings.landing_dir / name).read_bytes()
    remove(found)
    known = [(one.sha256, one.records) for one in found.ledger.deliveries()]
    (found.settings.landing_dir / name).write_bytes(before)
    assert {one.outcome for one in found.take()} == {"known"}
    assert [(one.sha256, one.records) for one in found.ledger.deliveries()] == known
    assert old_rows(found) == []


def test_new_file_brings_no_old_rows_back(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    remove(found)
    found.deliver("history.csv", "C9", OLD_ID)
    found.take()
    first = kept_from(found.settings.privacy_dir, TEN_YEARS_AND_A_HALF, NOW.date())
    assert first == FIRST
    new = [one for one in found.ledger.deliveries() if one.file_name == "history.csv"]
    assert remove_arrived(found.settings, CONTRACT, first, new, find_old) == 1
    assert old_rows(found) == []
    assert {one.outcome for one in found.take()} == {"known"}
    assert_sound(found)


def test_dry_run_counts_and_changes_nothing(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    before = tables(found)
    done = remove(found, dry_run=True)
    assert [(place.name, place.rows, place.files) for place in done.places] == [("raw", 6, 4)]
    assert done.report is None
    assert tables(found) == before
    assert removed_before(found.settings.privacy_dir) is None


def test_no_limit_keeps_everything(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    before = tables(found)
    done = remove(found, Limits())
    assert (done.places, done.kept_from) == ((), None)
    assert tables(found) == before


def test_all_transactions_are_never_removed(tmp_path: Path) -> None:
    found = old_bank(tmp_path)

    def all_rows(
        files: Mapping[str, Path], _: Mapping[str, date], __: date, folder: Path
    ) -> dict[str, list[Path]]:
        return {delivery: [path] for delivery, path in files.items()}

    done = retain(found.settings, CONTRACT, Limits(transactions_months=1), all_rows, now=NOW)
    assert "there would be no customer left" in done.notes[0]
    assert done.rows == 0


def test_removal_twice_changes_nothing(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    remove(found)
    before = tables(found)
    assert remove(found).rows == 0
    assert tables(found) == before


@pytest.mark.slow
def test_killed_removal_gives_the_same_if_repeated(tmp_path: Path) -> None:
    """Three kills at random steps, and one at each kind of step."""
    names: list[str] = []
    whole = old_bank(tmp_path / "whole")
    remove(whole, step=names.append)
    expected = tables(whole)
    kinds = {name.split()[0]: place for place, name in enumerate(names)}
    random.seed(7)
    for place in sorted({*kinds.values(), *random.sample(range(len(names)), 3)}):
        found = old_bank(tmp_path / f"killed-{place}")
        with pytest.raises(KeyboardInterrupt):
            remove(found, step=killer(place))
        remove(found)
        assert old_rows(found) == [], names[place]
        assert_sound(found)
        assert tables(found) == expected, names[place]


def test_run_finishes_a_killed_removal(tmp_path: Path) -> None:
    names: list[str] = []
    remove(old_bank(tmp_path / "whole"), step=names.append)
    found = old_bank(tmp_path / "killed")
    middle = [place for place, name in enumerate(names) if name.startswith("replace")][3]
    with pytest.raises(KeyboardInterrupt):
        remove(found, step=killer(middle))
    with held_by_erasure(found.settings.published_dir):
        assert finish_interrupted(found.settings.data_dir)
    assert old_rows(found) == []
    (page,) = found.settings.privacy_dir.glob("retention/*.html")
    assert "Transactions before 2016-05-27 are not kept" in page.read_text(encoding="utf-8")


def test_removal_and_runs_exclude_each_other(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    with held_by_run(found.settings.published_dir), pytest.raises(RunInProgressError):
        remove(found)


def test_erasure_after_a_removal_keeps_files_known(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    original = (found.settings.landing_dir / "old.csv").read_bytes()
    remove(found)
    forget(found.settings, CONTRACT, ["C1"])
    (found.settings.landing_dir / "old.csv").write_bytes(original)
    assert {one.outcome for one in found.take()} == {"known"}
    assert_sound(found)


def test_removal_is_reported_and_audited(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    done = remove(found, why="policy 7")
    assert done.report is not None
    document = json.loads(done.report.with_suffix(".json").read_text(encoding="utf-8"))
    assert document["kept_from"] == "2016-05-27"
    assert {place["name"]: place["rows"] for place in document["places"]}["raw"] == 6
    entry = list(AuditLog(found.settings.audit_dir).entries())[-1]
    assert (entry["what"], entry["why"]) == ("retain", "policy 7")
    assert entry["details"]["kept from"] == "2016-05-27"


def test_old_versions_leave_but_those_in_use(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    assert remove(found, Limits(versions_days=1), now=datetime.now(UTC)).places == ()
    done = remove(found, Limits(versions_days=1), now=LATER)
    assert [place.name for place in done.places] == ["versions"]
    release = current_release(found.settings.published_dir)
    assert release is not None
    for asset in ("cleaned_transactions", "customer_segments"):
        assert [one.name for one in found.store.versions(asset)] == [release.versions[asset]]
    assert len(found.store.versions("release")) == 1


def test_versions_of_a_pending_candidate_stay(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    wanted = found.store.versions("rfm_table")[1]
    with found.store.draft(CANDIDATE, str(uuid4())) as draft:
        write_document(draft.path, {"manifest": {"versions": {"rfm_table": wanted.name}}})
    remove(found, Limits(versions_days=1), now=LATER)
    assert wanted in found.store.versions("rfm_table")


def test_old_logs_and_objections_leave(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    folder = found.settings.objections_dir
    folder.mkdir()
    for name in ("first.csv", "second.csv"):
        (folder / name).write_text("customer_id\nC1\n", encoding="utf-8")
        os.utime(folder / name, (0, len(name)))
    log = found.settings.logs_dir / "server.log"
    os.utime(log, (0, 0))
    (found.settings.logs_dir / "new.log").touch()
    done = remove(found, Limits(logs_days=30, unused_days=30), now=datetime.now(UTC))
    assert {place.name: place.files for place in done.places} == {"logs": 1, "objections": 1}
    assert [path.name for path in folder.iterdir()] == ["second.csv"]
    assert [path.name for path in found.settings.logs_dir.iterdir()] == ["new.log"]


def test_refused_files_leave(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    bad = found.settings.landing_dir / "bad.csv"
    bad.write_bytes(b"TransactionID,CustomerID\n1,2\n")
    found.take()
    (refused,) = [one for one in found.ledger.deliveries() if one.status == "rejected"]
    original = found.settings.raw_dir / refused.sha256 / "original"
    original.parent.mkdir(exist_ok=True)
    original.write_bytes(bad.read_bytes())
    remove(found, Limits(unused_days=30), now=datetime.now(UTC))
    assert original.exists()
    remove(found, Limits(unused_days=30), now=LATER)
    assert not original.exists()


def test_replaced_holdings_leave_but_those_in_use(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    settings, contract = found.settings, CONTRACT.of_holdings()
    settings.holdings_dir.mkdir()
    header = ",".join(contract.header.values())
    for name, row in (("a.csv", "C1,Card"), ("b.csv", "C1,Loan\nC2,Card")):
        path = settings.holdings_dir / name
        path.write_text(f"{header}\n{row}\n", encoding="utf-8")
        os.utime(path, (0, 0))
    ledger = Ledger(settings.holdings_ledger_path)
    take_landed(settings.holdings_dir, settings.raw_holdings_dir, ledger, contract, run_id="run")
    done = remove(found, Limits(unused_days=30), now=LATER)
    assert {place.name: place.rows for place in done.places}["raw_holdings"] == 1
    assert {one.file_name: one.records for one in ledger.deliveries()} == {"a.csv": 0, "b.csv": 2}
    assert "Loan" in (settings.holdings_dir / "b.csv").read_text(encoding="utf-8")
    assert "C1" not in (settings.holdings_dir / "a.csv").read_text(encoding="utf-8")


def test_quarantined_rows_leave_by_their_delivery(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    (one,) = [one for one in found.ledger.deliveries() if one.file_name == "april.csv"]
    version = found.store.latest("quarantined_transactions")
    table = pa.table(
        {
            "disposition": ["quarantined", "quarantined", "duplicate"],
            "reason": ["invalid_amount", "conflicting_duplicate", "duplicate"],
            "delivery": [one.sha256[:DELIVERY_DIGITS]] * 3,
            "row_number": [2, 3, 4],
        }
    )
    pq.write_table(table, version / "part-0.parquet")
    numbers = quarantined_numbers(
        *(version, [one.sha256[:DELIVERY_DIGITS]]),
        disposition="quarantined",
        but="conflicting_duplicate",
    )
    assert {name: found.tolist() for name, found in numbers.items()} == {
        one.sha256[:DELIVERY_DIGITS]: [2]
    }
    done = remove(found, Limits(quarantine_days=30), now=LATER)
    assert {place.name: place.rows for place in done.places}["raw"] == 1
    after = pq.read_table(found.settings.raw_dir / one.sha256 / "records.parquet")
    assert after["row_number"].to_pylist() == [3]
    assert sha256_of(found.settings.landing_dir / "april.csv") != one.sha256


def test_raised_limit_reads_earlier_rows_of_new_files(tmp_path: Path) -> None:
    found = old_bank(tmp_path)
    remove(found)
    privacy = found.settings.privacy_dir
    assert kept_from(privacy, Limits(transactions_months=240), NOW.date()) == date(2006, 11, 27)
    assert kept_from(privacy, Limits(), NOW.date()) is None
    assert removed_before(privacy) == FIRST


def test_negative_limit_is_an_error() -> None:
    with pytest.raises(SettingsError, match="BANKSEG_RETAIN_LOGS_DAYS is -1; expected"):
        limits_of(Settings(retain_logs_days=-1))
