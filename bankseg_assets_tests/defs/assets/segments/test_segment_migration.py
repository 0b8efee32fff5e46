"""segment_migration: compared with the release in use, or empty with the reason."""

import json
from collections import Counter
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bankseg_assets.defs.checks.core import no_customer_is_lost_on_the_way
from bankseg_assets.defs.resources import PublishedResource
from bankseg_assets.migration.flows import KINDS
from bankseg_assets.release.releases import Release, all_releases, current_release
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore, version_record
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import Run, run_platform

CHECK = "no_customer_is_lost_on_the_way"


def migrate(bank: Platform) -> Run:
    run = run_platform(bank.resources, assets=["segment_migration"])
    assert run.failures == {}
    return run


def store(bank: Platform) -> VersionStore:
    return VersionStore(bank.settings.published_dir)


def make_customers(bank: Platform, change: pa.Table) -> None:
    newest = store(bank).latest("customer_segments")
    inputs = version_record(newest).inputs
    with store(bank).draft("customer_segments", str(uuid4()), inputs) as draft:
        pq.write_table(change, draft.path / "part.parquet")


def customers(bank: Platform) -> pa.Table:
    return pq.read_table(store(bank).latest("customer_segments"))


def put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    field = table.schema.field(name)
    return table.set_column(table.column_names.index(name), field, values.cast(field.type))


def test_first_batch_reports_nothing_to_compare(batch: Platform) -> None:
    found = batch.run.metadata["segment_migration"]
    assert (found["n_flows"], found["compared_with"]) == (0, "")
    assert (
        found["nothing_to_compare"] == "This is the first release: there is no previous snapshot."
    )
    assert batch.run.checks[CHECK].passed
    assert batch.run.table("segment_migration").num_rows == 0


def test_same_data_have_no_moves(batch: Platform, second_batch: Run) -> None:
    segments = batch.run.table("customer_segments")
    labels = (segments[name].to_pylist() for name in ("segment", "segment_name"))
    sizes = Counter(zip(*labels, strict=True))
    expected = {
        (kind, number, name, number, name, size)
        for kind in KINDS
        for (number, name), size in sizes.items()
    }
    rows = second_batch.table("segment_migration").to_pylist()
    assert not any(row["moved"] for row in rows)
    columns = ("kind", "from_segment", "from_name", "to_segment", "to_name", "customers")
    assert {tuple(row[name] for name in columns) for row in rows} == expected
    money = sum(row["money"] for row in rows if row["kind"] == "both")
    assert money == pc.sum(segments["monetary"]).as_py()
    first, _ = all_releases(batch.settings.published_dir)
    assert {row["compared_with"] for row in rows} == {first.name}
    assert {(row["from_snapshot"], row["to_snapshot"]) for row in rows} == {
        (segments["snapshot_date"][0].as_py(),) * 2
    }
    assert second_batch.checks[CHECK].passed
    found = second_batch.metadata["segment_migration"]
    assert found["sankey"].startswith("![Customers from ")
    assert "| the customer moved (new data, old model) | 0 | 0.0% | 0 |" in found["summary"]
    assert all(f"moved_by_{kind}" in found for kind in KINDS)


def test_customer_and_model_moves_are_separated(after_batch: Platform) -> None:
    """One customer is gone, one new, two swapped segments; the model reverses the numbers."""
    old = customers(after_batch)
    segments, ids = old["segment"].to_pylist(), old["customer_id"].to_pylist()
    other = next(place for place in range(3, len(ids)) if segments[place] != segments[2])
    ids[2], ids[other] = ids[other], ids[2]
    ids[1] = "the new one"
    last = max(segments)
    new = put(old, "customer_id", pa.array(ids))
    new = put(new, "segment", pa.array([last - segment for segment in segments]))
    make_customers(after_batch, new.slice(1))
    run = migrate(after_batch)
    assert run.checks[CHECK].passed
    assert run.metadata["segment_migration"]["compared_with"] == in_use(after_batch).name

    before = dict(zip(old["customer_id"].to_pylist(), segments, strict=True))
    middle = dict(zip(ids[1:], segments[1:], strict=True))
    after = {key: last - segment for key, segment in middle.items()}
    everyone = before.keys() | middle.keys()
    expected = {
        "customer": Counter((before.get(key), middle.get(key)) for key in everyone),
        "model": Counter((middle.get(key), after.get(key)) for key in everyone),
        "both": Counter((before.get(key), after.get(key)) for key in everyone),
    }
    found: dict[str, Counter[tuple[int | None, int | None]]] = {k: Counter() for k in KINDS}
    rows = run.table("segment_migration").to_pylist()
    # Renumbered segments are the same segments, so only two customers moved, not by the model.
    assert [row["customers"] for row in rows if row["moved"]] == [1, 1, 1, 1]
    assert {row["kind"] for row in rows if row["moved"]} == {"customer", "both"}
    for row in rows:
        found[row["kind"]][row["from_segment"], row["to_segment"]] = row["customers"]
    assert found == expected


def test_missing_flow_fails_check(after_batch: Platform) -> None:
    """The flows must match the compared tables, not only be balanced."""
    migrate(after_batch)
    good = store(after_batch).latest("segment_migration")
    rows = pq.read_table(good)
    with store(after_batch).draft(
        "segment_migration", str(uuid4()), version_record(good).inputs
    ) as draft:
        pq.write_table(rows.slice(1), draft.path / "part.parquet")
    published = after_batch.resources["published"]
    assert isinstance(published, PublishedResource)
    result = no_customer_is_lost_on_the_way(published=published)
    assert not result.passed
    assert "customers leave the old segments, by the old model; expected" in str(result.description)


def change_release(bank: Platform, **changes: object) -> None:
    """Publish a copy of the release in use with some text replaced."""
    newest = store(bank).latest("release")
    document = json.loads((newest / "model.json").read_text(encoding="utf-8"))
    with store(bank).draft("release", str(uuid4()), document["versions"]) as draft:
        write_json(draft.path / "model.json", document | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"is_demo": False}, "The release in use has the bank's own data, and this one has demo"),
        ({"customer_key": "person"}, "is `customer_id`, but `person` in the release in use."),
    ],
)
def test_incomparable_release_is_reported_without_failure(
    after_batch: Platform, changes: dict[str, object], message: str
) -> None:
    change_release(after_batch, **changes)
    run = migrate(after_batch)
    assert message in run.metadata["segment_migration"]["nothing_to_compare"]
    assert run.checks[CHECK].passed
    assert run.table("segment_migration").num_rows == 0


def test_damaged_release_is_no_failure(after_batch: Platform) -> None:
    folder = in_use(after_batch).path("customer_segments")
    make_customers(after_batch, customers(after_batch))
    for file in folder.glob("*.parquet"):
        file.unlink()
    run = migrate(after_batch)
    assert "is damaged" in run.metadata["segment_migration"]["nothing_to_compare"]


def in_use(bank: Platform) -> Release:
    found = current_release(bank.settings.published_dir)
    assert found is not None
    return found
