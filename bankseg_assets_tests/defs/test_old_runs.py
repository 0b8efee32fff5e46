"""Records of old runs are deleted, apart from those that the sensors read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg

from bankseg_assets.defs.old_runs import delete_old_runs
from bankseg_assets.storage.documents import write_document
from bankseg_assets.storage.version_store import VersionStore


def add_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    run = dg.DagsterRun("refresh", str(uuid4()), status=status)
    instance.add_run(run)
    return run.run_id


def test_old_runs_are_deleted_but_those_of_kept_versions(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "published")
    later = datetime.now(UTC) + timedelta(days=1)
    with dg.DagsterInstance.ephemeral() as instance:
        ended, made = (add_run(instance, dg.DagsterRunStatus.SUCCESS) for _ in range(2))
        running = add_run(instance, dg.DagsterRunStatus.STARTED)
        with store.draft("rfm_table", made) as draft:
            write_document(draft.path, {})
        folder = store.folder
        assert delete_old_runs(instance, folder, later, dry_run=True) == 1
        assert instance.has_run(ended)
        assert delete_old_runs(instance, folder, later, dry_run=False) == 1
        assert {run.run_id for run in instance.get_runs()} == {made, running}
        assert (
            delete_old_runs(instance, folder, datetime(2020, 1, 1, tzinfo=UTC), dry_run=False) == 0
        )
