"""An erased customer is nowhere, does not return, and a killed erasure is finished."""

import gzip
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.erasure.customers import KEYED
from bankseg_assets.erasure.exports import record_url
from bankseg_assets.erasure.forget import Erased, finish_interrupted, forget, remains
from bankseg_assets.erasure.search import Search
from bankseg_assets.erasure.subject import SHOWN
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.repair import repair_records
from bankseg_assets.presentation.spreadsheet import write_xlsx
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.privacy.look_ups import record_look_up
from bankseg_assets.privacy.tombstones import KEY_FILE, TombstoneError, Tombstones
from bankseg_assets.release.releases import all_releases, current_release
from bankseg_assets.release.remote_copy import export, fetch
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import replace_json
from bankseg_assets.storage.run_lock import RunInProgressError, held_by_erasure, held_by_run
from bankseg_assets.storage.version_store import verify, version_basis
from bankseg_assets_tests.erasure.bank import CANARY, CONTRACT, PLACE, Bank, bank, text

QUARANTINES = ("quarantined_transactions", "quarantined_holdings")


def erase(found: Bank, *ids: str, **options: object) -> Erased:
    return forget(found.settings, CONTRACT, ids or [CANARY], **options)  # type: ignore[arg-type]


def traces(folder: Path) -> list[str]:
    """Return the files below a folder with any bytes of the customer, decompressed too."""
    search = Search([CANARY, PLACE], DeliveryContract())
    return [str(hit.path.relative_to(folder)) for hit in search.below(folder)]


def content(found: Bank) -> dict[str, bytes]:
    """Return what is below the data folder, apart from names and times of this erasure."""
    tables = {}
    for path in sorted(found.settings.data_dir.rglob("*")):
        name = path.relative_to(found.settings.data_dir).as_posix()
        if not path.is_file() or name.startswith(("privacy", "audit", "ledger", "published/.")):
            continue
        tables[name] = path.read_bytes()
    return tables


def assert_sound(found: Bank) -> None:
    """Assert that every version, original and record is what is recorded of it."""
    for asset in found.settings.published_dir.iterdir():
        for version in found.store.versions(asset.name):
            verify(version)
    deliveries = found.ledger.deliveries()
    for one in deliveries:
        original = found.settings.raw_dir / one.sha256 / "original"
        assert sha256_of(original) == one.archived_sha256
    assert repair_records(found.settings.raw_dir, deliveries, CONTRACT) == []


def test_erased_customer_leaves_no_byte(tmp_path: Path) -> None:
    found = bank(tmp_path)
    assert len(traces(found.settings.data_dir)) > 20
    erased = erase(found)
    assert traces(found.settings.data_dir) == []
    assert (erased.remaining, remains(found.settings, CONTRACT, [CANARY])) == ((), [])
    assert erased.rows > 0
    assert_sound(found)


def test_other_customers_stay(tmp_path: Path) -> None:
    found = bank(tmp_path)
    erase(found)
    segments = found.store.latest("customer_segments") / "part-0.parquet"
    assert pq.read_table(segments)["customer_id"].to_pylist() == [
        *("C1", "C2", "C3", "C4", "C5", "C6", "C8"),
    ]
    landed = gzip.decompress((found.settings.landing_dir / "february.csv.gz").read_bytes())
    assert b"C3" in landed
    assert b"C4" in landed


def test_release_in_use_stays(tmp_path: Path) -> None:
    found = bank(tmp_path)
    before = [one.name for one in all_releases(found.settings.published_dir)]
    erase(found)
    assert [one.name for one in all_releases(found.settings.published_dir)] == before
    release = current_release(found.settings.published_dir)
    assert release is not None
    assert all(path.is_file() for path in release.files("customer_segments"))


def test_links_stay_links(tmp_path: Path) -> None:
    """Records and the versions that link them take their bytes once."""
    found = bank(tmp_path)
    erase(found)
    for record in found.settings.raw_dir.glob("*/records.parquet"):
        assert record.stat().st_nlink == 1 + len(found.store.versions("raw_transactions"))


def test_next_batch_computes_everything_again(tmp_path: Path) -> None:
    found = bank(tmp_path)
    erase(found)
    cleaned, rfm = (
        version_basis(found.store.latest(asset)) for asset in ("cleaned_transactions", "rfm_table")
    )
    assert (cleaned["fingerprint"], "files" in cleaned) == ("", False)
    # Other rules of RFM would fit the models again.
    assert (rfm["fingerprint"], "files" in rfm) == ("f", False)
    assert version_basis(found.store.latest("transaction_counts")) == {"rules": ""}


@pytest.mark.parametrize("name", ["january.csv", "february.csv.gz", "march.parquet"])
def test_same_file_again_is_known(tmp_path: Path, name: str) -> None:
    found = bank(tmp_path)
    before = (found.settings.landing_dir / name).read_bytes()
    erase(found)
    known = [(one.sha256, one.records) for one in found.ledger.deliveries()]
    assert {one.outcome for one in found.take()} == {"known"}
    (found.settings.landing_dir / name).write_bytes(before)
    assert {one.outcome for one in found.take()} == {"known"}
    assert [(one.sha256, one.records) for one in found.ledger.deliveries()] == known
    assert traces(found.settings.data_dir) == []
    assert_sound(found)


@pytest.mark.parametrize("name", ["may.csv", "may.csv.gz", "may.parquet"])
def test_new_file_does_not_bring_the_customer_back(tmp_path: Path, name: str) -> None:
    found = bank(tmp_path)
    erase(found)
    found.deliver(name, CANARY, "C9", f"{CANARY} ")
    outcome = {one.file_name: one for one in found.take()}[name]
    assert outcome.outcome == "accepted"
    assert "Rows of erased customers were removed: 2." in outcome.detail
    assert traces(found.settings.data_dir) == []
    assert_sound(found)
    assert {one.outcome for one in found.take()} == {"known"}


def test_killed_ingestion_of_an_erased_customer_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bank(tmp_path)
    erase(found)
    found.deliver("may.csv", CANARY, "C9")
    with monkeypatch.context() as patch:
        patch.setattr("bankseg_assets.landing.intake._replace_landed", _killed)
        with pytest.raises(KeyboardInterrupt):
            found.take()
    found.take()
    assert traces(found.settings.data_dir) == []
    assert_sound(found)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def steps(folder: Path) -> list[str]:
    names: list[str] = []
    erase(bank(folder), step=names.append)
    return names


def tables(found: Bank) -> list[object]:
    """Return the rows of all tables of all versions, and the originals."""
    versions = [
        pq.read_table(path).to_pydict()
        for path in sorted(found.settings.published_dir.rglob("*.parquet"))
    ]
    originals = sorted(path.read_bytes() for path in found.settings.raw_dir.glob("*/original"))
    return [versions, originals]


def killer(place: int) -> object:
    count = iter(range(place + 1))

    def step(_: str) -> None:
        if next(count) == place:
            raise KeyboardInterrupt

    return step


def test_run_finishes_a_killed_erasure(tmp_path: Path) -> None:
    names = steps(tmp_path / "whole")
    found = bank(tmp_path / "killed")
    middle = [place for place, name in enumerate(names) if name.startswith("replace")][3]
    with pytest.raises(KeyboardInterrupt):
        erase(found, step=killer(middle))
    with held_by_erasure(found.settings.published_dir):
        assert finish_interrupted(found.settings.data_dir)
        assert not finish_interrupted(found.settings.data_dir)
    (page,) = found.settings.privacy_dir.glob("certificates/*.html")
    assert "the erasure was interrupted" in page.read_text(encoding="utf-8")
    assert_sound(found)


def test_erasure_twice_changes_nothing(tmp_path: Path) -> None:
    found = bank(tmp_path)
    erase(found)
    before = content(found)
    assert erase(found).rows == 0
    assert content(found) == before


def test_journal_and_certificate_do_not_name_the_customer(tmp_path: Path) -> None:
    found = bank(tmp_path)
    names = steps(tmp_path / "other")
    with pytest.raises(KeyboardInterrupt):
        erase(found, step=killer(names.index("finish")))
    assert [one for one in traces(found.settings.data_dir) if one.startswith("privacy")] == []
    page = erase(found).certificate
    document = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    reference = Tombstones(found.settings.privacy_dir).reference(CANARY)
    assert document["customers"] == [reference]
    assert reference in page.read_text(encoding="utf-8")
    entries = list(AuditLog(found.settings.audit_dir).entries())
    assert [(one["what"], one["on"]) for one in entries] == [("forget", reference)] * 2


def test_erasure_and_runs_exclude_each_other(tmp_path: Path) -> None:
    found = bank(tmp_path)
    before = traces(found.settings.data_dir)
    with held_by_run(found.settings.published_dir), pytest.raises(RunInProgressError):
        erase(found)
    assert traces(found.settings.data_dir) == before


def test_export_is_erased(tmp_path: Path) -> None:
    """Also a version that was removed here since, and a copy that could not be reached before."""
    found = bank(tmp_path)
    target = tmp_path / "export"
    url = f"file://{target}"
    record_url(found.settings.privacy_dir, url)
    export(found.settings.published_dir, url)
    found.publish()
    found.publish()
    found.publish()
    for asset in ("customer_segments", "rfm_table"):
        found.store.prune(asset)
    assert traces(target)
    hidden = target.rename(tmp_path / "elsewhere")
    target.write_text("not a folder", encoding="utf-8")
    assert "not reached" in erase(found).exports[url]
    target.unlink()
    hidden.rename(target)
    assert "files rewritten" in erase(found).exports[url]
    assert traces(target) == []
    for record in target.rglob("_version.json"):
        verify(record.parent)


def test_parts_of_an_interrupted_copy_leave(tmp_path: Path) -> None:
    """A version without its record was cut off; other files at the URL stay."""
    found = bank(tmp_path)
    target = tmp_path / "export"
    url = f"file://{target}"
    export(found.settings.published_dir, url)
    (version,) = (target / "customer_segments").iterdir()
    (version / "part-1.parquet.part").write_text(CANARY, encoding="utf-8")
    cut = version.with_name(version.name.replace("000", "999", 1))
    cut.mkdir()
    (cut / "part-0.parquet").write_bytes((version / "part-0.parquet").read_bytes())
    other = target / "reports" / "may" / "notes.txt"
    other.parent.mkdir(parents=True)
    other.write_text("of another program", encoding="utf-8")
    (target / "notes.txt").touch()
    assert "files rewritten" in erase(found, urls=[url]).exports[url]
    assert traces(target) == []
    assert other.exists()


def test_machine_that_fetched_a_release_is_erased(tmp_path: Path) -> None:
    """It has no archive, and still fetches releases afterwards."""
    found = bank(tmp_path / "bank")
    url = f"file://{tmp_path / 'export'}"
    export(found.settings.published_dir, url)
    branch = Bank(Settings(data_dir=tmp_path / "branch" / "data"))
    fetch(url, branch.store)
    assert traces(branch.settings.data_dir)
    assert erase(branch).rows > 0
    assert traces(branch.settings.data_dir) == []
    erase(found, urls=[url])
    found.publish()
    export(found.settings.published_dir, url)
    assert fetch(url, branch.store).versions > 0
    assert traces(branch.settings.data_dir) == []


def test_missing_key_stops_ingestion(tmp_path: Path) -> None:
    found = bank(tmp_path)
    erase(found)
    (found.settings.privacy_dir / KEY_FILE).unlink()
    with pytest.raises(TombstoneError, match="Restore it from a backup"):
        found.take()


def test_every_table_of_customers_is_known() -> None:
    """A table of customers is searched by their key, where that is computed from columns."""
    tables = {name for name, table in TABLES.items() if "customer_id" in table.names}
    by_id = {"raw_transactions", "cleaned_transactions", "product_holdings"}
    assert tables - by_id <= set(KEYED)
    assert {*SHOWN} == tables - {"raw_transactions"} | {*QUARANTINES}


def test_logs_and_alerts_are_masked(tmp_path: Path) -> None:
    found = bank(tmp_path)
    alert = found.settings.alerts_dir / "failure-1.json"
    replace_json(alert, {"why": f"The key {CANARY} is unknown."})
    for path in (
        found.settings.logs_dir / "app.previous.log",
        found.settings.dagster_home / "storage" / "run" / "compute_logs" / "step.err",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"at {CANARY}", encoding="utf-8")
    (place,) = [one for one in erase(found).plan.places if one.name == "logs"]
    assert place.files == 4
    assert traces(found.settings.data_dir) == []
    assert json.loads(alert.read_text("utf-8"))["why"] == f"The key {'*' * len(CANARY)} is unknown."


def test_databases_are_reported_and_not_changed(tmp_path: Path) -> None:
    """A write-ahead log with other bytes would lose its transactions."""
    found = bank(tmp_path)
    path = found.settings.dagster_home / "runs.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as base:
        base.execute("pragma journal_mode=wal")
        base.execute("create table tags (value text)")
        base.execute("insert into tags values (?)", (CANARY,))
        base.commit()
        erased = erase(found)
        assert base.execute("select value from tags").fetchall() == [(CANARY,)]
    assert any("runs.db" in line for line in erased.remaining)
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("select value from tags").fetchall() == [(CANARY,)]


def test_reason_names_no_customer(tmp_path: Path) -> None:
    """An entry of the audit log cannot be changed afterwards."""
    found = bank(tmp_path)
    erase(found, why=f"request of {CANARY}, 2027-14")
    (entry,) = AuditLog(found.settings.audit_dir).entries()
    assert entry["why"] == f"request of {entry['on']}, 2027-14"
    record_look_up(found.settings.data_dir, CANARY, why=f"asked by {CANARY}")
    assert traces(found.settings.data_dir) == []


def test_files_of_killed_programs_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts in any folder, scratch, and uploads outside of the data folder."""
    found = bank(tmp_path)
    temporary = tmp_path / "tmp"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    left = [
        found.settings.landing_dir / ".draft-1",
        found.settings.data_dir / "lists" / "may" / ".draft-2",
        found.settings.scratch_dir / "1-a" / "shuffle_0.data",
        temporary / "bankseg-work-1" / "list",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY, encoding="utf-8")
    lock = temporary / "bankseg-work-1" / ".lock"
    lock.touch()
    os.utime(lock, (0, 0))
    assert erase(found).remaining == ()
    assert [path for path in left if path.exists()] == []


@pytest.mark.parametrize(
    "name", ["list.csv", "list.csv.gz", "list.txt", "list.xlsx", "List.XLSX", "list.parquet"]
)
def test_lists_are_rewritten(tmp_path: Path, name: str) -> None:
    found = bank(tmp_path)
    path = found.settings.data_dir / "lists" / name
    path.parent.mkdir()
    rows = [["customer_id", "place"], ["C1", "PUNE"], [CANARY, PLACE], ["C2", PLACE[:5]]]
    if name.lower().endswith(".xlsx"):
        with path.open("wb") as file:
            write_xlsx(file, {"List": rows, "Notes": [["C1 and", CANARY]]})
    elif name.endswith(".parquet"):
        columns = zip(*rows[1:], strict=True)
        pq.write_table(pa.table(dict(zip(("customer", "place"), columns, strict=True))), path)
    else:
        text = "".join(f"{','.join(row)}\n" for row in rows).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    (place,) = [one for one in erase(found).plan.places if one.name == "lists and objections"]
    assert place.rows == (2 if name.lower().endswith(".xlsx") else 1)
    assert traces(found.settings.data_dir) == []
    assert Search(["C2"], CONTRACT).hits_in(path) == 0  # too short to be searched
    if name.lower().endswith(".xlsx"):
        left = pd.read_excel(path, "List", engine="calamine")["customer_id"]
        assert left.dropna().tolist() == ["C1", "C2"]


@pytest.mark.parametrize("name", ["objections/all.csv", "objections/all.csv.gz", "lists/may.csv"])
def test_short_id_leaves_lists_and_objections(tmp_path: Path, name: str) -> None:
    """Not by a search of its five digits, which amounts have too, but by the column of IDs."""
    found = bank(tmp_path)
    path = found.settings.data_dir / name
    path.parent.mkdir()
    text = b"customer_id,note\n17850,a\n1785,17850\n"
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    erased = erase(found, "17850")
    left = path.read_bytes()
    left = gzip.decompress(left) if name.endswith(".gz") else left
    assert left == b"customer_id,note\n1785,17850\n"
    assert "lists with a column of IDs" in erased.plan.notes[-1]


def test_delivery_that_was_not_recorded_leaves(tmp_path: Path) -> None:
    """A run archived it and was killed; afterwards it was removed from the landing folder."""
    found = bank(tmp_path)
    folder = found.settings.raw_dir / ("0" * 64)
    other = found.settings.raw_dir / ("1" * 64)
    for one, customer in ((folder, CANARY), (other, "C1234567")):
        one.mkdir()
        (one / "original").write_text(text(customer), encoding="utf-8")
    erased = erase(found)
    assert erased.remaining == ()
    assert traces(found.settings.data_dir) == []
    assert [path.name for path in other.iterdir()] == ["original"]
    assert "raw (not recorded)" in {one.name for one in erased.plan.places}


def test_file_that_is_named_by_the_customer_is_reported(tmp_path: Path) -> None:
    """And the certificate does not repeat the name."""
    found = bank(tmp_path)
    path = found.settings.data_dir / "lists" / f"{CANARY}.csv"
    path.parent.mkdir()
    path.write_text("nothing", encoding="utf-8")
    erased = erase(found)
    assert erased.remaining == (f"lists/{'*' * len(CANARY)}.csv: found 1 times",)
    path.unlink()
    assert traces(found.settings.data_dir) == []


def test_compressed_logs_are_reported(tmp_path: Path) -> None:
    found = bank(tmp_path)
    path = found.settings.logs_dir / "server.log.gz"
    path.write_bytes(gzip.compress(f"error at {CANARY}.\n".encode()))
    erased = erase(found)
    (place,) = [one for one in erased.plan.places if one.name == "logs"]
    assert (place.files, erased.remaining) == (1, ("logs/server.log.gz: found 1 times",))


def test_file_that_was_not_ingested_is_reported(tmp_path: Path) -> None:
    found = bank(tmp_path)
    path = found.settings.landing_dir / "notes.csv"
    path.write_text(f"not,a,header\n1,2,{CANARY}\n", encoding="utf-8")
    os.utime(path, (0, 0))
    found.take()
    (line,) = erase(found).remaining
    assert line.startswith("landing/notes.csv: found 1 times. It was not ingested: remove it")
