"""The evidence of a release is whole, readable offline, and names no customer."""

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.erasure.forget import forget
from bankseg_assets.evidence.lineage import events
from bankseg_assets.evidence.monitoring import PLAN
from bankseg_assets.evidence.pack import INDEX, MANIFEST, Packed, write_pack
from bankseg_assets.privacy.audit import AuditLog, Event
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.storage.documents import write_document
from bankseg_assets_tests.erasure.bank import CANARY, CONTRACT, PLACE, Bank, bank


@pytest.fixture
def found(tmp_path: Path) -> Bank:
    made = bank(tmp_path)
    AuditLog(made.settings.audit_dir).record(Event("release", on="1", result="released"))
    forget(made.settings, CONTRACT, ["C1"])
    return made


def release_of(found: Bank) -> Release:
    release = current_release(found.settings.published_dir)
    assert release is not None
    return release


def pack(found: Bank, folder: Path) -> tuple[Packed, dict[str, bytes]]:
    extra = {"sbom.cdx.json": ("Packages", b"{}")}
    packed = write_pack(found.settings, release_of(found), folder / "evidence.zip", extra)
    with zipfile.ZipFile(packed.path) as archive:
        return packed, {name: archive.read(name) for name in archive.namelist()}


def test_pack_has_each_kind_of_evidence(found: Bank, tmp_path: Path) -> None:
    packed, files = pack(found, tmp_path)
    assert {
        *("gates.json", "monitoring.json", "data_accounting.json", "data_accounting.csv"),
        *("contract.toml", "versions.json", "release.json", "lineage.json", "sbom.cdx.json"),
        *("audit/audit-000000001.jsonl", "audit/head.json", INDEX, MANIFEST),
    } <= files.keys()
    assert [name for name in files if name.startswith("privacy/certificates/")]
    assert next(iter(files)) == INDEX
    assert (packed.faults, packed.files) == ((), len(files))


def test_manifest_has_the_hash_of_every_file(found: Bank, tmp_path: Path) -> None:
    packed, files = pack(found, tmp_path)
    manifest = json.loads(files.pop(MANIFEST))
    assert manifest["files"] == {
        name: hashlib.sha256(body).hexdigest() for name, body in files.items()
    }
    assert manifest["audit_head"]["number"] == 2
    assert packed.sha256 == hashlib.sha256(packed.path.read_bytes()).hexdigest()


def test_pack_opens_offline(found: Bank, tmp_path: Path) -> None:
    """Every link of the index leads to a file of the archive, and the page fetches nothing."""
    _, files = pack(found, tmp_path)
    page = files[INDEX].decode()
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert set(links) == files.keys() - {INDEX, MANIFEST}
    assert "<script" not in page


def test_pack_names_no_customer(found: Bank, tmp_path: Path) -> None:
    _, files = pack(found, tmp_path)
    for name, body in files.items():
        assert CANARY.encode() not in body, name
        assert PLACE.encode() not in body, name
    assert "distributions" not in json.loads(files["release.json"])


def test_accounting_adds_up_for_every_file(found: Bank, tmp_path: Path) -> None:
    _, files = pack(found, tmp_path)
    rows = json.loads(files["data_accounting.json"])
    assert [row["file"] for row in rows] == [
        *("april.csv", "february.csv.gz", "january.csv", "march.parquet"),
    ]
    january = next(row for row in rows if row["file"] == "january.csv")
    assert (january["records"], january["in_this_release"]) == (2, True)
    assert january["sha256_of_what_is_left"] != january["sha256"]
    lines = list(csv.DictReader(io.StringIO(files["data_accounting.csv"].decode())))
    assert [line["file"] for line in lines] == [row["file"] for row in rows]


def test_broken_chain_is_reported(found: Bank, tmp_path: Path) -> None:
    (log,) = found.settings.audit_dir.glob("*.jsonl")
    log.write_text(log.read_text(encoding="utf-8").replace("released", "refused"), "utf-8")
    packed, files = pack(found, tmp_path)
    assert "entry 1 was edited" in packed.faults[0]
    assert b"entry 1 was edited" in files[INDEX]


def test_damaged_version_is_reported(found: Bank, tmp_path: Path) -> None:
    file = found.store.latest("rfm_table") / "part-0.parquet"
    file.write_bytes(file.read_bytes() + b"x")
    packed, _ = pack(found, tmp_path)
    assert "expected" in packed.faults[0]


def test_approvals_are_included_if_there_are_any(found: Bank, tmp_path: Path) -> None:
    decisions = found.settings.published_dir / "approval_decisions.json"
    decisions.write_text("{}", encoding="utf-8")
    _, files = pack(found, tmp_path)
    assert files["published/approval_decisions.json"] == b"{}"
    assert b"Approvals of models" in files[INDEX]


def test_pack_has_plan_and_measures(found: Bank, tmp_path: Path) -> None:
    _, files = pack(found, tmp_path)
    document = json.loads(files["monitoring.json"])
    assert document["plan"] == [dict(one) for one in PLAN]
    assert [row["version"] for row in document["measured"]] == [
        one.number for one in [release_of(found)]
    ] or len(document["measured"]) == 3
    assert all(set(one) == {"what", "when", "by", "if not"} for one in PLAN)


def test_pack_has_the_test_of_forecasts_without_deciles(found: Bank, tmp_path: Path) -> None:
    """A decile of a small bank has fewer than 11 customers."""
    figures = {"deciles": [[1.0, 2.0]], "total": 1.1}
    document = {"days_by": "model", "days_quality": {"model": figures}, "spend_quality": {}}
    release = release_of(found)
    with found.store.draft("value_model", "run") as draft:
        write_document(draft.path, document)
    assert draft.version is not None
    versions = {**release.versions, "value_model": draft.version.name}
    with_forecasts = release.model_copy(update={"versions": versions})
    write_pack(found.settings, with_forecasts, tmp_path / "e.zip")
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        tested = json.loads(archive.read("forecasts.json"))
    assert tested["days_quality"] == {"model": {"total": 1.1}}
    assert tested["days_by"] == "model"


def test_pack_has_studies_and_campaigns_beside_the_release(found: Bank, tmp_path: Path) -> None:
    with found.store.draft("segmentation_comparison", "run", {"rfm_table": "1"}) as draft:
        write_document(draft.path, {"candidates": 9})
    with found.store.draft("release_candidate", "run") as draft:
        write_document(draft.path, {"manifest": {}})
    campaign = found.settings.data_dir / "campaigns" / "spring"
    campaign.mkdir(parents=True)
    (campaign / "campaign.json").write_text("{}", encoding="utf-8")
    (campaign / "members.parquet").write_text(CANARY, encoding="utf-8")
    _, files = pack(found, tmp_path)
    assert json.loads(files["segmentation_comparison.json"]) == {"candidates": 9}
    jobs = {one["job"]["name"] for one in json.loads(files["lineage.json"])}
    assert "segmentation_comparison" in jobs
    assert "release_candidate" not in jobs
    assert "campaigns/spring/campaign.json" in files
    assert not any(CANARY.encode() in body for body in files.values())


def test_lineage_is_openlineage(found: Bank) -> None:
    """What the specification requires, and versions and columns that exist."""
    release = release_of(found)
    made = json.loads(json.dumps(events(release)))
    assert {one["job"]["name"] for one in made} == {*release.versions, "release"}
    for one in made:
        assert {"eventType", "eventTime", "run", "job", "producer", "schemaURL"} <= one.keys()
        assert datetime.fromisoformat(one["eventTime"]).tzinfo is not None
        assert UUID(one["run"]["runId"])
        (output,) = one["outputs"]
        facets = output["facets"]
        assert all({"_producer", "_schemaURL"} <= facet.keys() for facet in facets.values())
        for name, sources in facets.get("columnLineage", {"fields": {}})["fields"].items():
            assert name in TABLES[output["name"]].names
            for source in sources["inputFields"]:
                assert source["field"] in TABLES[source["name"]].names
    raw = next(one for one in made if one["job"]["name"] == "raw_transactions")
    assert {one["name"] for one in raw["inputs"]} == {
        one.sha256 for one in found.ledger.deliveries()
    }
    last = made[-1]
    assert {one["name"] for one in last["inputs"]} == release.versions.keys()


def test_pack_of_a_bank_without_a_log_is_whole(tmp_path: Path) -> None:
    made = bank(tmp_path)
    settings = replace(made.settings)
    packed = write_pack(settings, release_of(made), tmp_path / "e.zip")
    assert packed.faults == ()
