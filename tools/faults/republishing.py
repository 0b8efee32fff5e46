"""Scenario: reads during continuous publishing."""

import json
import sys
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.release.releases import Release, current_release, prune
from bankseg_assets.scoring.bundle import bundle_hash
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore
from tools.faults.lab import ROOT, Lab
from tools.faults.reader import MIN_RELEASES, reading
from tools.faults.scenario import Outcome, scenario

READS = 1_000  # per seed: ten seeds make the documented ten thousand


@scenario("torn-reads", "reading while releases are published without a pause", quick=True)
def torn_reads(lab: Lab, seed: int) -> Outcome:
    """Each release has distinct numbers in the classifier and in the profiles."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    command = [sys.executable, "-m", __name__, str(platform.published)]
    with Popen(command, cwd=ROOT, stdout=PIPE) as publisher:
        assert publisher.stdout is not None
        try:
            publisher.stdout.readline()  # it has published, and continues
            with reading(platform.published, READS) as counts:
                pass
        finally:
            publisher.kill()
    outcome.reads, outcome.refused, outcome.torn = counts.reads, counts.refused, counts.torn
    outcome.holds = counts.torn == counts.refused == 0 and counts.releases >= MIN_RELEASES
    outcome.detail = f"{counts.releases} releases were met {counts.why}"
    lab.discard(platform)
    return outcome


def main(published_dir: Path) -> None:
    """Publish without end through the platform's version store, as a run does."""
    store = VersionStore(published_dir)
    first = current_release(published_dir)
    assert first is not None
    bundle = json.loads((first.path("nb_classifier") / "model.json").read_text(encoding="utf-8"))
    profiles = pq.read_table(sorted(first.path("segment_profiles").glob("*.parquet")))
    manifest = json.loads(
        (published_dir / "release" / first.name / "model.json").read_text(encoding="utf-8")
    )
    for generation in count(1):
        _publish(store, first, f"generation-{generation}", bundle, profiles, manifest)
        if generation == 1:
            print("publishing", flush=True)


def _publish(
    store: VersionStore,
    first: Release,
    run_id: str,
    bundle: dict[str, Any],
    profiles: pa.Table,
    manifest: dict[str, Any],
) -> None:
    more = int(run_id.partition("-")[2])
    counts = pc.add(profiles["customers"], more)
    at = profiles.column_names.index("customers")
    with store.draft("segment_profiles", run_id) as tables:
        pq.write_table(profiles.set_column(at, "customers", counts), tables.path / "part.parquet")
    segments = [{**one, "customers": one["customers"] + more} for one in bundle["segments"]]
    changed = bundle | {"segments": segments}
    changed |= {"sha256": bundle_hash(changed)}
    with store.draft("nb_classifier", run_id) as model:
        write_json(model.path / "model.json", changed)
    made = {"segment_profiles": tables.version, "nb_classifier": model.version}
    versions = dict(first.versions) | {asset: path.name for asset, path in made.items() if path}
    with store.draft("release", run_id, versions) as release:
        write_json(
            release.path / "model.json",
            manifest | {"versions": versions, "model_sha256": changed["sha256"]},
        )
    prune(store, [*made, "release"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
