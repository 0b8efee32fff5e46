"""A platform with a release, and a newly fitted model that awaits approval."""

import json
from pathlib import Path

from bankseg_assets.privacy.audit import Actor
from bankseg_assets.release.candidates import Candidate, pending, submit
from bankseg_assets.release.releases import Manifest, ModelFit, current_release
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.publishing import publish, write_model, write_table

FLOWS = [
    {
        "compared_with": "first",
        "kind": "model",
        "from_segment": 0,
        "from_name": "Small spenders",
        "to_segment": to,
        "to_name": name,
        "moved": to != 0,
        "customers": customers,
        "money": 1000.0,
        "from_snapshot": "2016-10-22",
        "to_snapshot": "2016-10-22",
    }
    for to, name, customers in ((0, "Small spenders", 100), (2, "Big spenders", 50))
]


def with_candidate(data_dir: Path, *, made_by: str = "bob", is_first: bool = False) -> Candidate:
    """Publish a release, unless `is_first`, and a candidate with another model."""
    published = data_dir / "published"
    store = VersionStore(published)
    if not is_first:
        publish(data_dir)
    before = current_release(published)
    folder = write_model(data_dir, version="second", metrics={"f1_macro": 0.5, "n_customers": 150})
    document = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    manifest = Manifest(
        kind="promotion",
        note="",
        created_at="2026-11-01T04:00:00+00:00",
        run_id="0123456789",
        is_demo=False,
        versions={
            "nb_classifier": folder.name,
            "segment_migration": write_table(data_dir, "segment_migration", FLOWS),
        },
        model_sha256=document["sha256"],
        model=ModelFit(version="second", fitted_at="2026-11-01T04:00:00+00:00"),
        currency="INR",
    )
    submit(store, manifest, Actor(made_by, "proxy"), before)
    found = pending(published)
    assert found is not None
    return found
