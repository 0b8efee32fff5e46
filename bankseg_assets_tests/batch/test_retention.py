"""Old transactions leave a platform, which then equals one that never had them."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.release.releases import all_releases, current_release
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import Run, run_platform
from ops.demo.transactions import write_demo_transactions

pytestmark = pytest.mark.slow

PREFIX = "AGED7"
TABLES = ("cleaned_transactions", "rfm_table", "transaction_counts", "segment_profiles")


def land(settings: Settings, name: str, lines: list[str]) -> None:
    path = settings.landing_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.with_name(f"{name}.done").touch()


def aged(line: str) -> str:
    """Return a record of ten years earlier, of another customer and transaction."""
    fields = line.split(",")
    fields[0], fields[1] = f"{PREFIX}{fields[0]}", f"{PREFIX}{fields[1]}"
    fields[6] = fields[6][:-2] + "06"
    return ",".join(fields)


def batch(settings: Settings, spark: SparkResource, job: str, **limits: int) -> Run:
    given = Settings(
        data_dir=settings.data_dir, **{f"retain_{name}": one for name, one in limits.items()}
    )
    run = run_platform(resources(given, spark=spark), job=job)
    assert run.failures == {}
    return run


def tables(settings: Settings) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in TABLES:
        version = VersionStore(settings.published_dir).latest(name)
        if name == "transaction_counts":
            found[name] = read_document(version)
            continue
        frame = pq.read_table(version).to_pandas().drop(columns=["delivery"], errors="ignore")
        texts = frame.astype(str)
        found[name] = texts.sort_values(list(texts.columns)).reset_index(drop=True)
    return found


def test_platform_equals_one_without_old_rows(
    tmp_path: Path, spark_resource: SparkResource
) -> None:
    source = tmp_path / "demo.csv"
    write_demo_transactions(source, rows=3000, seed=7)
    header, *records = source.read_text(encoding="utf-8").splitlines()
    old, never = (Settings(data_dir=tmp_path / name) for name in ("old", "never"))
    both = [one for record in records[:600] for one in (record, aged(record))] + records[600:]
    land(old, "bank.csv", [header, *both])
    land(old, "ancient.csv", [header, *map(aged, records[600:700])])
    delivered = tmp_path / "delivered.csv"
    shutil.copyfile(old.landing_dir / "bank.csv", delivered)
    batch(old, spark_resource, "refit")
    before = current_release(old.published_dir)
    assert before is not None
    months = 12 * 15

    removed = batch(old, spark_resource, "retention", transactions_months=months)
    assert removed.metadata["retention_report"]["rows"] > 600
    after = current_release(old.published_dir)
    assert after is not None
    assert after.name == before.name
    assert PREFIX not in (old.landing_dir / "bank.csv").read_text(encoding="utf-8")

    run = batch(old, spark_resource, "refit", transactions_months=months)
    land(never, "bank.csv", [header, *records])
    batch(never, spark_resource, "refit")
    expected, found = tables(never), tables(old)
    for name in TABLES:
        if isinstance(found[name], pd.DataFrame):
            columns = [one for one in found[name].columns if one != "row_number"]
            pd.testing.assert_frame_equal(
                found[name][columns].sort_values(columns).reset_index(drop=True),
                expected[name][columns].sort_values(columns).reset_index(drop=True),
                obj=name,
            )
        else:
            assert found[name] == expected[name], name
    overview = read_document(run.folder("eda_report"))["overview"][0]
    card = read_document(run.folder("model_card"))
    assert overview["removed_before"] == card["data"]["removed_before"]
    assert "removed_before" in run.metadata["segment_profiles"]
    assert any("were removed for their age" in one for one in card["limits"])

    shutil.copyfile(delivered, old.landing_dir / "bank.csv")
    land(old, "history.csv", [header, aged(records[0]), *records[:50]])
    land(old, "late.csv", [header, *map(aged, records[700:800])])
    batch(old, spark_resource, "refresh", transactions_months=months)
    cleaned = VersionStore(old.published_dir).latest("cleaned_transactions")
    ids = pq.read_table(cleaned)["customer_id"].to_pylist()
    assert not [one for one in ids if one.startswith(PREFIX)]
    assert PREFIX not in (old.landing_dir / "bank.csv").read_text(encoding="utf-8")
    log = AuditLog(old.audit_dir)
    assert log.fault() == ""
    assert "retain" in [one["what"] for one in log.entries()]
    assert len(all_releases(old.published_dir)) == 3
