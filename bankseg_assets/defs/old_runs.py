"""Delete Dagster's records of old runs: their events, and the logs of their steps."""

from datetime import datetime
from pathlib import Path

import dagster as dg

from bankseg_assets.defs.tags import REFIT_TAG
from bankseg_assets.release.releases import current_release
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore, version_record

ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def delete_old_runs(
    instance: dg.DagsterInstance, published_dir: Path, before: datetime, *, dry_run: bool
) -> int:
    """Delete the runs before a time; return how many.

    Not those that wrote a version that is kept, nor the attempts to refit the model in use: the
    sensors read their events.
    """
    kept = _runs_of_versions(VersionStore(published_dir))
    release = current_release(published_dir)
    model = release.fit.version if release else ""
    found = [
        run
        for run in instance.get_runs(dg.RunsFilter(statuses=ENDED, created_before=before))
        if run.run_id not in kept and not (model and run.tags.get(REFIT_TAG) == model)
    ]
    if not dry_run:
        for run in found:
            instance.delete_run(run.run_id)
    return len(found)


def _runs_of_versions(store: VersionStore) -> set[str]:
    found = set()
    for asset in store.assets():
        for version in store.versions(asset):
            try:
                found.add(version_record(version).run_id)
            except DamagedVersionError:
                continue
    return found
