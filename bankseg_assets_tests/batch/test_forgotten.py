"""A customer who was in every kind of file and table is erased from all, and does not return."""

import csv
import gzip
import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.campaigns.audiences import slug, totals
from bankseg_assets.campaigns.campaign import CampaignRequest
from bankseg_assets.campaigns.campaign_store import create_campaign
from bankseg_assets.campaigns.customer_list import Choice, make_list
from bankseg_assets.campaigns.list_files import csv_of, xlsx_of
from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.erasure.exports import record_url
from bankseg_assets.erasure.forget import Erased, forget
from bankseg_assets.erasure.search import Search
from bankseg_assets.erasure.subject import held_on, in_words
from bankseg_assets.evidence.pack import write_pack
from bankseg_assets.presentation.spreadsheet import write_xlsx
from bankseg_assets.privacy.audit import Actor, AuditLog
from bankseg_assets.release.candidates import submit
from bankseg_assets.release.releases import Manifest, all_releases, current_release
from bankseg_assets.release.remote_copy import export
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import Run, run_platform
from ops.demo.holdings import write_demo_holdings
from ops.demo.transactions import write_demo_transactions

pytestmark = pytest.mark.slow

ID, BIRTH, PLACE, AMOUNT = "CANARY7305391", "19/3/29", "CANARYVILLE", "7391.37"
RECORDS = [
    f"CT{number},{ID},{BIRTH},F,{PLACE},91702.53,{day}/8/16,130501,{AMOUNT}"
    for number, day in enumerate((2, 3, 4, 5), 1)
]
QUARANTINED = f"CT9,{ID},{BIRTH},F,{PLACE},91702.53,32/13/16,130501,{AMOUNT}"
VALUES = {ID, PLACE, "1929-03-19", BIRTH, AMOUNT, "91702.53"}
"""As texts of cells; the amounts are unique, since no cell of the other platform has them."""
TABLES = (
    *("cleaned_transactions", "quarantined_transactions", "rfm_table", "customer_segments"),
    *("product_holdings", "product_recommendations", "segment_profiles", "rfm_grid"),
    *("customer_value", "watch_list", "segment_demographics", "rfm_groups", "recommended_actions"),
)


@dataclass(frozen=True)
class Bank:
    """A platform with files in four formats, with or without the customer."""

    settings: Settings
    spark: SparkResource
    lines: list[str]

    def deliver(self, *, canary: bool) -> None:
        header, *records = self.lines
        parts = {
            "january.csv": records[:1500] + [*RECORDS[:1], QUARANTINED] * canary,
            "february.csv.gz": records[1500:2800] + RECORDS[1:2] * canary,
            "march.parquet": records[2800:3500] + RECORDS[2:3] * canary,
            "april.xlsx": records[3500:] + RECORDS[3:] * canary,
        }
        for name, part in parts.items():
            self.land(name, header, *part)
        path = self.settings.holdings_dir / "holdings.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        transactions = path.with_name("all.txt")
        transactions.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        write_demo_holdings(path, transactions=[transactions], seed=7)
        transactions.unlink()
        if canary:
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{ID},Savings account\n")
        path.with_name("holdings.csv.done").touch()

    def land(self, name: str, *lines: str) -> None:
        path = self.settings.landing_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = "\n".join(lines) + "\n"
        if name.endswith(".parquet"):
            rows = list(csv.reader(io.StringIO(content)))
            columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
            pq.write_table(pa.table(columns), path, compression="zstd")
        elif name.endswith(".xlsx"):
            with path.open("wb") as file:
                write_xlsx(file, {"Transactions": list(csv.reader(io.StringIO(content)))})
        else:
            text = content.encode()
            path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        path.with_name(f"{name}.done").touch()

    def batch(self, job: str) -> Run:
        run = run_platform(resources(self.settings, spark=self.spark), job=job)
        assert run.failures == {}
        return run

    def tables(self) -> dict[str, pd.DataFrame]:
        found = {}
        for name in TABLES:
            version = VersionStore(self.settings.published_dir).latest(name)
            frame = pq.read_table(version).to_pandas()
            # A delivery is named by its content, which had the customer. Segments continue the
            # numbers of earlier releases; their names are compared. ALS begins with the customers
            # in the order of these numbers.
            other = ["delivery", "segment"]
            if name == "product_recommendations":
                other += ["product", "score"]
            texts = frame.drop(columns=other, errors="ignore").astype(str)
            found[name] = texts.sort_values(list(texts.columns)).reset_index(drop=True)
        return found


def cells(folder: Path) -> set[str]:
    """Return which values of the customer are in files below a folder, decompressed too."""
    found = set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        texts = [gzip.decompress(content)] if content[:2] == b"\x1f\x8b" else [content]
        if content[:2] == b"PK":
            with zipfile.ZipFile(path) as package:
                texts += [package.read(one) for one in package.namelist()]
        if content[:4] == b"PAR1":
            table = pq.read_table(path).to_pandas()
            texts.append("\n".join(table.astype(str).to_csv()).encode())
            texts.append(table.astype(str).to_csv().encode())
        name = str(path.relative_to(folder))
        found |= {f"{value} in {name}" for value in VALUES for t in texts if value.encode() in t}
    return found


def download(bank: Bank) -> list[Path]:
    """Make lists of all segments, and the evidence of the release, in the data folder."""
    release = current_release(bank.settings.published_dir)
    assert release is not None
    found = {
        one.audience.name: make_list(
            release, load_bundle(release.path("nb_classifier")), one.audience, Choice(), {}
        )
        for one in totals(release, {})
        if one.customers
    }
    folder = bank.settings.data_dir / "lists"
    folder.mkdir(exist_ok=True)
    for name, made in found.items():
        (folder / f"{slug(name)}.csv").write_bytes(csv_of(made))
        (folder / f"{slug(name)}.xlsx").write_bytes(xlsx_of(made))
    write_pack(bank.settings, release, folder / "evidence.zip")
    return sorted(folder.iterdir())


def leave_traces(bank: Bank) -> None:
    """Leave the customer in a candidate, a campaign, alerts, logs, and files of killed programs."""
    settings = bank.settings
    release = current_release(settings.published_dir)
    assert release is not None
    manifest = Manifest.model_validate(release.model_dump(exclude={"name", "folder"}))
    submit(VersionStore(settings.published_dir), manifest, Actor("ann"), release)
    bundle = load_bundle(release.path("nb_classifier"))
    day = date.fromisoformat(bundle.snapshot_date)
    asked = CampaignRequest(name="Spring", starts_on=day, ends_on=day + timedelta(days=30))
    create_campaign(release, bundle, asked)
    for path in (
        settings.alerts_dir / "failure-1.json",
        settings.logs_dir / "server.log",
        settings.landing_dir / ".draft-1",
        settings.data_dir / "lists" / ".draft-2",
        settings.scratch_dir / "1-abandoned" / "shuffle_0.data",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"why": f"{ID} is unknown"}), encoding="utf-8")


def erase(bank: Bank) -> Erased:
    return forget(bank.settings, load_contract(bank.settings.contract), [ID])


def test_forgotten_customer_was_never_there(tmp_path: Path, spark_resource: SparkResource) -> None:
    source = tmp_path / "demo.csv"
    write_demo_transactions(source, rows=4000, seed=7)
    lines = source.read_text(encoding="utf-8").splitlines()
    source.unlink()
    bank, never = (
        Bank(Settings(data_dir=tmp_path / name), spark_resource, lines) for name in ("a", "b")
    )
    target = tmp_path / "export"
    contract = load_contract(bank.settings.contract)
    bank.deliver(canary=True)
    delivered = shutil.copytree(bank.settings.landing_dir, tmp_path / "delivered")
    bank.batch("refit")
    bank.batch("refresh")
    bank.batch("refresh")
    record_url(bank.settings.privacy_dir, f"file://{target}")
    export(bank.settings.published_dir, f"file://{target}")
    lists = download(bank)
    assert sum(Search([ID], contract).hits_in(path) > 0 for path in lists) == 2
    leave_traces(bank)
    held = held_on(bank.settings, contract, ID)
    assert sorted(len(file["records"]) for file in held.files) == [1, 1, 1, 1, 2]
    assert {"cleaned_transactions", "quarantined_transactions", "customer_segments"} <= set(
        held.tables
    )
    assert [one["name"] for one in held.campaigns] == ["Spring"]
    assert PLACE in in_words(held)
    releases = [one.name for one in all_releases(bank.settings.published_dir)]

    erased = erase(bank)
    assert erased.remaining == ()
    assert cells(bank.settings.data_dir) == set()
    assert cells(target) == set()
    assert [one.name for one in all_releases(bank.settings.published_dir)] == releases

    log = AuditLog(bank.settings.audit_dir)
    assert [one["what"] for one in log.entries()] == [*["release"] * 3, "campaign made", "forget"]
    assert log.fault() == ""

    never.deliver(canary=False)
    never.batch("refit")
    bank.batch("refit")
    expected = never.tables()
    for name, table in bank.tables().items():
        pd.testing.assert_frame_equal(table, expected[name], obj=name)
    assert Decimal(AMOUNT) not in set(
        pq.read_table(VersionStore(never.settings.published_dir).latest("cleaned_transactions"))[
            "amount"
        ].to_pylist()
    )

    shutil.copytree(delivered, bank.settings.landing_dir, dirs_exist_ok=True)
    bank.land("april.csv", lines[0], RECORDS[0].replace("CT1", "CT5"), *lines[1:300])
    bank.batch("refresh")
    assert cells(bank.settings.data_dir) == set()
