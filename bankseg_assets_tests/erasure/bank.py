"""A bank's data folder without Spark: delivered files, tables, versions and releases."""

import gzip
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.intake import Outcome, take_landed
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.privacy.tombstones import Tombstones
from bankseg_assets.release.releases import FORMAT, PROMOTION, RELEASE
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_document, write_json
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore

CONTRACT = DeliveryContract()
NAMES = list(CONTRACT.header.values())
HEADER = ",".join(NAMES)
CANARY = "C7777777"
PLACE = "CANARYVILLE"
OLD, OLD_DAY, DAY = "O", "2/8/12", "2/8/16"
"""The start of the IDs of customers whose transactions are old, their day, and that of others."""
BASIS = {"fingerprint": "f", "files": {"a": "b"}, "customer_key": "customer_id"}


def line(customer: str, number: int = 1, amount: str = "25") -> str:
    """Return a record; the canary's has a place of its own."""
    place = PLACE if customer.strip() == CANARY else "PUNE"
    day = OLD_DAY if customer.strip().startswith(OLD) else DAY
    return f"T{number}{customer.strip()},{customer},10/1/94,F,{place},9.5,{day},143207,{amount}"


def text(*customers: str) -> str:
    """Return a CSV with a record for each customer."""
    records = (line(customer, number) for number, customer in enumerate(customers))
    return "\n".join([HEADER, *records]) + "\n"


def parquet(path: Path, *customers: str) -> None:
    """Write a Parquet file with a record for each customer."""
    rows = [line(customer, number).split(",") for number, customer in enumerate(customers)]
    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    pq.write_table(pa.table(columns), path, compression="zstd")


@dataclass(frozen=True)
class Bank:
    """A platform's data folder."""

    settings: Settings

    @property
    def ledger(self) -> Ledger:
        """The ledger of its transactions."""
        return Ledger(self.settings.ledger_path)

    @property
    def store(self) -> VersionStore:
        """Its published versions."""
        return VersionStore(self.settings.published_dir)

    def deliver(self, name: str, *customers: str) -> Path:
        """Put a file into the landing folder; its format is that of its name."""
        path = self.settings.landing_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".parquet"):
            parquet(path, *customers)
        else:
            content = text(*customers).encode()
            path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
        os.utime(path, (0, 0))  # unchanged for long, so complete
        return path

    def take(self) -> list[Outcome]:
        """Ingest the landing folder as a batch does."""
        settings = self.settings
        for path in settings.landing_dir.iterdir():
            os.utime(path, (0, 0))
        return take_landed(
            *(settings.landing_dir, settings.raw_dir, self.ledger, CONTRACT),
            run_id="run",
            is_erased=Tombstones(settings.privacy_dir).matcher(),
        )

    def publish(self) -> None:
        """Publish a version of each table of persons from all records, and a release of them."""
        run = str(uuid4())
        records = {
            one.sha256: self.settings.raw_dir / one.sha256 / RECORDS_FILE
            for one in self.ledger.deliveries()
        }
        rows = pa.concat_tables(
            pq.read_table(path, columns=["customer_id", "delivery", "row_number"])
            for path in records.values()
        )
        rows = rows.filter(pc.is_valid(rows["customer_id"]))
        customers = sorted(
            {
                name.strip()
                for path in records.values()
                for name in pq.read_table(path)["customer_id"].to_pylist()
                if name
            }
        )
        versions = {}
        with self.store.draft("raw_transactions", run) as draft:
            for sha256, path in records.items():
                os.link(path, draft.path / f"{sha256}.parquet")
        assert draft.version is not None
        versions["raw_transactions"] = draft.version.name
        places = {one: PLACE if one == CANARY else "PUNE" for one in customers}
        raw = [f'{{"customer_id":"{one}","location":"{place}"}}' for one, place in places.items()]
        cells = []
        if CANARY in customers:
            raw += [f"T1;{CANARY};x", f"T1,{CANARY},x"]
            cells = [[PLACE, 1, "25"]]
        tables: dict[str, dict[str, Sequence[Any]]] = {
            "cleaned_transactions": {
                **rows.to_pydict(),
                "location": rows["customer_id"].to_pylist(),
            },
            "quarantined_transactions": {
                "disposition": ["quarantined"] * len(raw),
                "reason": ["invalid_amount"] * len(raw),
                "source_file": ["january.csv"] * len(raw),
                "delivery": [""] * len(raw),
                "row_number": list(range(len(raw))),
                "raw_text": raw,
            },
            "rfm_table": {"customer_id": customers, "recency": [1] * len(customers)},
            "customer_segments": {"customer_id": customers, "segment": [0] * len(customers)},
            "watch_list": {"customer_id": customers, "reason": ["seldom"] * len(customers)},
            "product_recommendations": {
                "customer_id": customers,
                "product": ["Card"] * len(customers),
            },
        }
        for asset, columns in tables.items():
            with self.store.draft(asset, run) as draft:
                pq.write_table(
                    pa.table(dict(columns)), draft.path / "part-0.parquet", compression="zstd"
                )
                write_json(draft.path / BASIS_FILE, BASIS)
            assert draft.version is not None
            versions[asset] = draft.version.name
        with self.store.draft("transaction_counts", run) as draft:
            write_document(draft.path, {"cells": {"location": cells}, "moments": {}})
            write_json(draft.path / BASIS_FILE, {"rules": 1, "files": {"a": "b"}})
        assert draft.version is not None
        versions["transaction_counts"] = draft.version.name
        with self.store.draft(RELEASE, run, versions) as draft:
            document = {
                "format": FORMAT,
                "kind": PROMOTION,
                "note": "",
                "created_at": "2027-01-01T00:00:00+00:00",
                "run_id": run,
                "is_demo": False,
                "versions": versions,
                "model_sha256": "",
            }
            write_document(draft.path, document)


def bank(folder: Path) -> Bank:
    """Return a bank with a CSV, a gzip and a Parquet file, and three releases of them."""
    found = Bank(Settings(data_dir=folder / "data"))
    found.deliver("january.csv", "C1", CANARY, "C2")
    found.deliver("february.csv.gz", "C3", f" {CANARY} ", "C4")
    found.deliver("march.parquet", "C5", CANARY, "C6")
    found.deliver("april.csv", "C1", "C8")
    found.take()
    for _ in range(3):
        found.publish()
    log = found.settings.logs_dir / "server.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"error at {CANARY}.\n", encoding="utf-8")
    return found
