"""Sensors start one run when there is something to do, and otherwise say why not."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from bankseg_assets.defs import automation
from bankseg_assets.defs.assets.ingestion.cleaned_transactions import CONTENT_HASH_KEY, CONTRACT_KEY
from bankseg_assets.defs.automation import (
    CONTENT_DIGITS,
    CONTENT_TAG,
    HOLDINGS_TAG,
    LATER_ATTEMPTS_SECONDS,
    QUICK_ATTEMPTS,
    REFIT_TAG,
    cleaned_sensor,
    holdings_sensor,
    landing_sensor,
    refit_sensor,
)
from bankseg_assets.defs.build import build_defs
from bankseg_assets.defs.check_state import blocking_keys
from bankseg_assets.defs.checks.core import ALL_CHECKS
from bankseg_assets.defs.jobs import refit_schedule, retention_schedule
from bankseg_assets.defs.resources import DeliveryResource, HoldingsResource, PublishedResource
from bankseg_assets.landing import landed_content
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.files import STALLED_AFTER_SECONDS
from bankseg_assets.landing.ledger import Delivery, content_hash
from bankseg_assets.release.refit import REFIT_GATE
from bankseg_assets.release.releases import PROMOTION, GateRecord, Manifest, ModelFit
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, STARTED_AT, Settings
from bankseg_assets.storage.documents import write_document, write_json
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore

# A queued run has its place in a workspace, which a test lacks.
UNFINISHED = ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"]

OTHER_CONTRACT = DEFAULT_CONTRACT.read_text(encoding="utf-8").replace('"INR"', '"EUR"')


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def add_run(instance: dg.DagsterInstance, job: str, status: str, **tags: str) -> None:
    """Record a run in a status."""
    found = dg.DagsterRunStatus[status]
    instance.add_run(dg.DagsterRun(job, str(uuid4()), status=found, tags=tags))


def report_checks(instance: dg.DagsterInstance, table: str, **checked: bool | None) -> None:
    """Record results of the blocking checks of a table's newest version; by default passed."""
    made = instance.get_latest_materialization_event(dg.AssetKey(table))
    assert made is not None
    target = AssetCheckEvaluationTargetMaterializationData(
        storage_id=1, run_id=made.run_id, timestamp=made.timestamp
    )
    for key in blocking_keys(ALL_CHECKS, dg.AssetKey(table)):
        if (passed := checked.get(key.name, True)) is None:
            continue
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=passed,
                description="2 rows are lost." if not passed else None,
                target_materialization_data=target,
            )
        )


@dataclass
class Landing:
    """A landing folder, its ledger, and the sensor that watches it."""

    instance: dg.DagsterInstance
    delivery: DeliveryResource
    published: PublishedResource
    cursor: str | None = None

    def put(self, name: str, content: str, *, quiet_seconds: float = 60) -> str:
        """Land a file of the given age; return its SHA-256."""
        path = Path(self.delivery.landing_dir) / name
        path.write_text(f"{content}\n", encoding="utf-8")  # a line end: more than ten seconds do
        then = time.time() - quiet_seconds
        os.utime(path, (then, then))
        return sha256_of(path)

    def record(self, sha256: str, status: str = "accepted", name: str = "x.csv") -> None:
        """Record a content in the ledger, as the ingesting run does."""
        contract = self.delivery.contract.fingerprint
        self.delivery.ledger.record(
            Delivery(sha256, name, status, "why", 1, 1, "run", contract=contract)  # type: ignore[arg-type]
        )

    def publish(self, *sha256s: str) -> None:
        """Record that cleaned_transactions holds these contents, and nothing else."""
        for sha256 in sha256s:
            self.record(sha256)
        self.publish_only(*sha256s)

    def publish_only(self, *sha256s: str) -> None:
        """The same, for contents already in the ledger."""
        self.publish_table("cleaned_transactions", content_hash(sha256s))

    def publish_table(self, table: str, content: str, **checked: bool) -> None:
        """Record the content of a table and the results of its blocking checks.

        checked: check -> whether it passed; None if it did not run. All passed by default.
        """
        contract = self.delivery.contract.fingerprint
        metadata = {CONTENT_HASH_KEY: content, CONTRACT_KEY: contract}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(table, metadata=metadata))
        report_checks(self.instance, table, **checked)

    def use_contract(self, path: Path, text: str) -> None:
        """Let the platform have another contract."""
        path.write_text(text, encoding="utf-8")
        self.delivery = DeliveryResource(
            landing_dir=self.delivery.landing_dir,
            raw_dir=self.delivery.raw_dir,
            ledger_path=self.delivery.ledger_path,
            contract_path=str(path),
        )

    def add_run(self, job: str, status: str, **tags: str) -> None:
        """Record a run in a status."""
        add_run(self.instance, job, status, **tags)

    def look(self) -> dg.SensorResult:
        """Let the sensor look again."""
        context = dg.build_sensor_context(self.instance, cursor=self.cursor)
        result = landing_sensor(context, delivery=self.delivery, published=self.published)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return result

    def skips(self) -> str:
        """Let the sensor look; return why it starts no run."""
        result = self.look()
        assert not result.run_requests
        return str(result.skip_reason.skip_message)

    def starts(self) -> dg.RunRequest:
        """Let the sensor look; return the one run that it starts."""
        (request,) = self.look().run_requests or ()
        return request


@pytest.fixture
def landing(settings: Settings, instance: dg.DagsterInstance) -> Landing:
    delivery = DeliveryResource(
        landing_dir=str(settings.landing_dir),
        raw_dir=str(settings.raw_dir),
        ledger_path=str(settings.ledger_path),
    )
    return Landing(instance, delivery, PublishedResource(published_dir=str(settings.published_dir)))


@pytest.mark.parametrize(("fingerprint", "is_due"), [("", True), ("f", False)])
def test_removed_rows_start_a_run(landing: Landing, fingerprint: str, *, is_due: bool) -> None:
    """An erasure or the removal of old rows leaves totals that include them."""
    landing.publish(landing.put("a.csv", "a"))
    with landing.published.store.draft("cleaned_transactions", str(uuid4())) as draft:
        write_json(draft.path / BASIS_FILE, {"fingerprint": fingerprint})
    assert bool(landing.look().run_requests) == is_due


def test_empty_folder_starts_nothing(landing: Landing) -> None:
    assert landing.skips() == f"Nothing new in {landing.delivery.landing_dir}."


def test_missing_folder_starts_nothing(landing: Landing) -> None:
    Path(landing.delivery.landing_dir).rmdir()
    assert landing.skips().startswith("Nothing new")


def test_complete_file_starts_run_that_carries_its_content(landing: Landing) -> None:
    wanted = content_hash([landing.put("january.csv", "one")])[:CONTENT_DIGITS]
    request = landing.starts()
    assert request.run_key == f"{wanted}-1"
    assert request.tags[CONTENT_TAG] == wanted


def test_new_file_requests_run_with_all_files(landing: Landing) -> None:
    january = landing.put("january.csv", "one")
    landing.publish(january)
    february = landing.put("february.csv", "two")
    assert landing.starts().run_key == f"{content_hash([january, february])[:CONTENT_DIGITS]}-1"


def test_content_that_is_published_starts_nothing(landing: Landing) -> None:
    landing.publish(landing.put("january.csv", "one"))
    assert landing.skips().startswith("Nothing new")


def test_same_content_under_another_name_starts_nothing(landing: Landing) -> None:
    landing.publish(landing.put("january.csv", "one"))
    landing.put("january_again.csv", "one")
    assert landing.skips().startswith("Nothing new")


def test_other_content_under_same_name_starts_run(landing: Landing) -> None:
    landing.publish(landing.put("january.csv", "one"))
    landing.look()
    landing.put("january.csv", "two", quiet_seconds=30)
    assert landing.starts()


@pytest.mark.parametrize("published", [["a" * 64], []], ids=["beside_good", "alone"])
def test_content_that_was_rejected_starts_nothing(landing: Landing, published: list[str]) -> None:
    if published:
        landing.publish(*published)
    landing.record(landing.put("bad.csv", "one"), "rejected")
    assert landing.skips().startswith("Nothing new")


def test_incomplete_file_is_waited_for(landing: Landing) -> None:
    landing.put("january.csv", "one", quiet_seconds=0)
    message = landing.skips()
    assert "Waiting for january.csv (still being written)." in message
    landing.put("january.csv", "one and more", quiet_seconds=11)
    assert landing.starts()


def test_marker_completes_file(landing: Landing) -> None:
    landing.put("january.csv", "one", quiet_seconds=0)
    landing.put("january.csv.done", "")
    assert landing.starts()


def test_incomplete_file_does_not_delay_complete_one(landing: Landing) -> None:
    january = landing.put("january.csv", "one")
    landing.put("february.csv", "tw", quiet_seconds=0)
    assert landing.starts().run_key == f"{content_hash([january])[:CONTENT_DIGITS]}-1"


def test_vanishing_file_is_waited_for(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanish(path: Path) -> str:
        path.unlink()
        return sha256_of(path)

    monkeypatch.setattr(landed_content, "sha256_of", vanish)
    landing.put("january.csv", "one")
    assert "Waiting for january.csv (No such file or directory)." in landing.skips()


def observed(result: dg.SensorResult) -> list[str]:
    """Return the versions of the folder that a tick records."""
    return [str((event.tags or {})["dagster/data_version"]) for event in result.asset_events]


def test_landing_folder_is_observed_when_its_content_changes(
    landing: Landing, tmp_path: Path
) -> None:
    """Neither another name nor ingesting a file changes the content."""
    (empty,) = observed(landing.look())
    assert not observed(landing.look())
    january = landing.put("january.csv", "one")
    (one,) = observed(landing.look())
    landing.publish(january)
    landing.put("again.csv", "one")
    assert observed(landing.look()) == [one]
    assert not observed(landing.look())
    landing.delivery.ledger.withdraw(january)
    (withdrawn,) = observed(landing.look())
    landing.delivery.ledger.undo_withdrawal(january)
    assert observed(landing.look()) == [one]
    landing.use_contract(tmp_path / "contract.toml", OTHER_CONTRACT)
    (reading,) = observed(landing.look())
    assert len({empty, one, withdrawn, reading}) == 4


def test_observation_follows_a_file_from_arrival_to_ledger(landing: Landing) -> None:
    """Ingesting it leaves the version as it is; what the UI lists must not stay behind."""

    def listed() -> tuple[int, int, int]:
        (event,) = landing.look().asset_events
        found = [event.metadata[f"files_{what}"].value for what in ("delivered", "to_ingest")]
        return found[0], found[1], len(event.metadata["deliveries"].records)

    assert listed() == (0, 0, 0)
    january = landing.put("january.csv", "one")
    assert listed() == (0, 1, 0)
    landing.publish(january)
    assert listed() == (1, 0, 1)
    landing.record(landing.put("bad.csv", "two"), "rejected")
    (event,) = landing.look().asset_events
    assert event.metadata["files_rejected"].value == 1


def test_observation_lists_the_deliveries(landing: Landing) -> None:
    landing.publish(landing.put("january.csv", "one"))
    landing.put("february.csv", "two", quiet_seconds=0)
    (event,) = landing.look().asset_events
    assert event.asset_key == dg.AssetKey("landing_folder")
    table = event.metadata["deliveries"]
    assert [record.data["file"] for record in table.records] == ["x.csv"]
    assert event.metadata["incomplete_files"].value == "february.csv (still being written)"


def test_unreadable_contract_is_not_observed(landing: Landing, tmp_path: Path) -> None:
    landing.use_contract(tmp_path / "contract.toml", "nonsense")
    assert not observed(landing.look())


def test_unchanged_file_is_hashed_once(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counting(path: Path) -> str:
        read.append(path.name)
        return sha256_of(path)

    monkeypatch.setattr(landed_content, "sha256_of", counting)
    landing.put("january.csv", "one")
    first = landing.starts()
    assert landing.starts().run_key == first.run_key
    landing.put("february.csv", "two")
    landing.look()
    landing.look()
    assert read == ["january.csv", "february.csv"]
    landing.put("january.csv", "new", quiet_seconds=30)
    landing.look()
    assert read == ["january.csv", "february.csv", "january.csv"]


def test_stalled_upload_is_waited_for(landing: Landing) -> None:
    """The last line has no line end: its amount may be truncated."""
    path = Path(landing.delivery.landing_dir) / "january.csv"
    path.write_text("one,12.3", encoding="utf-8")
    for quiet_seconds, waits in ((60, True), (STALLED_AFTER_SECONDS + 1, False)):
        then = time.time() - quiet_seconds
        os.utime(path, (then, then))
        message = landing.look().skip_reason
        assert ("Waiting for january.csv" in str(message)) == waits


def test_tick_hashes_limited_bytes_and_next_continues(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster stops a sensor after 60 seconds and discards its results."""
    monkeypatch.setattr(automation, "HASHED_AT_A_LOOK", 10)
    landing.publish(landing.put("a.csv", "1234567"), landing.put("b.csv", "7654321"))
    assert landing.skips().endswith("Waiting for b.csv (read at the next tick).")
    (seen,) = landing.delivery.ledger.hashes()
    assert seen[0] == "a.csv"
    assert landing.skips().endswith("Nothing new in " + landing.delivery.landing_dir + ".")
    assert len(landing.delivery.ledger.hashes()) == 2


def test_file_too_large_for_tick_starts_run(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is keyed by name, size and time; none is started once the file is hashed."""
    monkeypatch.setattr(automation, "HASHED_AT_A_LOOK", 10)
    monkeypatch.setattr(landed_content, "sha256_of", lambda _: pytest.fail("read in a sensor"))
    sha256 = landing.put("january.csv", "12345678901234567890")
    assert landing.starts().run_key == landing.starts().run_key
    status = (Path(landing.delivery.landing_dir) / "january.csv").stat()
    landing.delivery.ledger.remember_hash("january.csv", status.st_size, status.st_mtime_ns, sha256)
    landing.publish(sha256)
    assert landing.skips().startswith("Nothing new")


def test_failed_run_is_retried_three_times_then_hourly(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = landing.put("january.csv", "one")
    wanted = content_hash([sha256])[:CONTENT_DIGITS]
    keys = []
    for _ in range(QUICK_ATTEMPTS):
        keys.append(landing.starts().run_key)
        landing.add_run("ingestion", "FAILURE", **{CONTENT_TAG: wanted})
        # The file may have been ingested before its run failed.
        landing.record(sha256)
    assert keys == [f"{wanted}-{attempt}" for attempt in (1, 2, 3)]
    message = landing.skips()
    assert message.startswith("3 runs for this content did not succeed.")
    assert "The next attempt is in 60 minutes" in message
    assert "materialize by hand" in message
    wait_for_the_next_attempt(monkeypatch)
    assert landing.starts().run_key == f"{wanted}-4"


def test_cancelled_run_is_repeated_after_an_hour(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the sensor would start it again five seconds after a person cancelled it."""
    landing.put("january.csv", "one")
    landing.add_run("refresh", "CANCELED", **landing.starts().tags)
    message = landing.skips()
    assert message.startswith("The last run for this content was cancelled. The next attempt is in")
    landing.put("february.csv", "two")
    assert landing.starts()
    (Path(landing.delivery.landing_dir) / "february.csv").unlink()
    wait_for_the_next_attempt(monkeypatch)
    assert str(landing.starts().run_key).endswith("-2")


@pytest.mark.parametrize(("since_failures", "starts"), [(-60, False), (60, True)])
def test_restart_of_the_platform_grants_attempts(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, since_failures: float, starts: bool
) -> None:
    """Operators restart it after they removed a cause; failures before the start do not count."""
    wanted = content_hash([landing.put("january.csv", "one")])[:CONTENT_DIGITS]
    for _ in range(QUICK_ATTEMPTS):
        landing.add_run("refresh", "FAILURE", **{CONTENT_TAG: wanted})
    monkeypatch.setenv(STARTED_AT, str(time.time() + since_failures))
    if not starts:
        assert landing.skips().startswith("3 runs for this content did not succeed.")
        return
    # The number goes on: Dagster never repeats a run key.
    keys = []
    for _ in range(2):
        keys.append(landing.starts().run_key)
        landing.add_run("refresh", "FAILURE", **{CONTENT_TAG: wanted})
    assert keys == [f"{wanted}-4", f"{wanted}-5"]


def test_replacing_demo_data_grants_no_extra_attempts(
    landing: Landing,
) -> None:
    demo = landing.put("demo_transactions.csv", "demo")
    landing.record(demo, name="demo_transactions.csv")
    landing.publish_only(demo)
    real = landing.put("real.csv", "real")
    for attempt in range(1, QUICK_ATTEMPTS + 1):
        request = landing.starts()
        assert str(request.run_key).endswith(f"-{attempt}")
        landing.add_run("ingestion", "FAILURE", **request.tags)
        landing.record(real)
    assert landing.skips().startswith("3 runs")


def test_sensor_runs_have_no_dagster_retries(landing: Landing) -> None:
    landing.put("january.csv", "one")
    assert landing.starts().tags["dagster/max_retries"] == "0"


def test_run_awaiting_dagster_retry_is_not_duplicated(landing: Landing) -> None:
    landing.put("january.csv", "one")
    landing.add_run("refresh", "FAILURE", **{"dagster/will_retry": "true"})
    assert landing.skips().startswith("A run that ingests the landed files is in progress.")


def test_retried_run_blocks_nothing(landing: Landing) -> None:
    landing.put("january.csv", "one")
    landing.add_run(
        "refresh",
        "FAILURE",
        **{"dagster/will_retry": "true", "dagster/auto_retry_run_id": "other"},
    )
    assert landing.starts()


def test_failures_of_other_content_do_not_count(landing: Landing) -> None:
    for _ in range(QUICK_ATTEMPTS):
        landing.add_run("ingestion", "FAILURE", **{CONTENT_TAG: "another"})
    landing.put("january.csv", "one")
    assert str(landing.starts().run_key).endswith("-1")


@pytest.mark.parametrize("job", ["ingestion", "refresh"])
@pytest.mark.parametrize("status", UNFINISHED)
def test_ingesting_run_is_not_duplicated(landing: Landing, job: str, status: str) -> None:
    landing.put("january.csv", "one")
    landing.add_run(job, status)
    assert landing.skips().startswith("A run that ingests the landed files is in progress.")


@pytest.mark.parametrize(
    ("job", "status"),
    [("comparison", "STARTED"), ("recommendations", "STARTED"), ("ingestion", "SUCCESS")],
)
def test_finished_ingestion_blocks_nothing(landing: Landing, job: str, status: str) -> None:
    landing.put("january.csv", "one")
    landing.add_run(job, status)
    assert landing.starts()


def test_ignored_demo_data_starts_nothing(landing: Landing) -> None:
    demo, real = landing.put("demo_transactions.csv", "demo"), landing.put("real.csv", "real")
    ledger = landing.delivery.ledger
    ledger.record(Delivery(demo, "demo_transactions.csv", "accepted", "", 1, 1, "run"))
    landing.publish(real)
    assert landing.skips().startswith("Nothing new")


@dataclass
class HoldingsFolder(Landing):
    """The folder of holdings, beside a landing folder, with the sensor that watches it."""

    transactions: DeliveryResource | None = None

    def publish_holdings(self, *sha256s: str) -> None:
        """Record that product_holdings is made of this content."""
        self.publish_table("product_holdings", content_hash(sha256s))

    def look(self) -> dg.SensorResult:
        """Let the sensor look again."""
        context = dg.build_sensor_context(self.instance, cursor=self.cursor)
        result = holdings_sensor(context, delivery=self.transactions, holdings=self.delivery)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return result


@pytest.fixture
def holdings(landing: Landing, settings: Settings, instance: dg.DagsterInstance) -> HoldingsFolder:
    """A bank with customers and an empty folder of holdings."""
    settings.holdings_dir.mkdir(parents=True)
    instance.report_runless_asset_event(dg.AssetMaterialization("customer_segments"))
    resource = HoldingsResource(
        landing_dir=str(settings.holdings_dir),
        raw_dir=str(settings.raw_holdings_dir),
        ledger_path=str(settings.holdings_ledger_path),
    )
    return HoldingsFolder(instance, resource, landing.published, transactions=landing.delivery)


def test_holdings_wait_for_customers(landing: Landing, instance: dg.DagsterInstance) -> None:
    context = dg.build_sensor_context(instance)
    found = holdings_sensor(
        context,
        delivery=landing.delivery,
        holdings=HoldingsResource(landing_dir="x", raw_dir="y", ledger_path="z"),
    )
    assert isinstance(found, dg.SkipReason)
    assert str(found.skip_message).startswith("There are no customers yet")


def test_folder_without_holdings_starts_nothing(holdings: HoldingsFolder) -> None:
    assert holdings.skips() == f"Nothing new in {holdings.delivery.landing_dir}."


def test_new_holdings_start_one_run_until_they_are_published(holdings: HoldingsFolder) -> None:
    january = holdings.put("january.csv", "one")
    assert holdings.starts().tags[HOLDINGS_TAG] == content_hash([january])[:CONTENT_DIGITS]
    # Ingested, but the run failed before it published.
    holdings.record(january)
    assert holdings.starts()
    holdings.publish_holdings(january)
    assert holdings.skips().startswith("Nothing new")
    assert holdings.put("february.csv", "two")
    assert holdings.starts()


def test_incomplete_holdings_are_waited_for(holdings: HoldingsFolder) -> None:
    holdings.put("january.csv", "one", quiet_seconds=0)
    assert "Waiting for january.csv (still being written)." in holdings.skips()


def test_rejected_holdings_start_nothing_more(holdings: HoldingsFolder) -> None:
    holdings.record(holdings.put("january.csv", "one"), "rejected")
    assert holdings.skips().startswith("Nothing new")


def test_demo_holdings_are_ignored_without_run(holdings: HoldingsFolder, landing: Landing) -> None:
    demo = holdings.put("demo_holdings.csv", "demo")
    holdings.record(demo, name="demo_holdings.csv")
    holdings.publish_holdings(demo)
    landing.record("a" * 64, name="bank.csv")
    assert holdings.skips().startswith("Nothing new")


@pytest.mark.parametrize("job", ["refresh", "refit", "recommendations"])
def test_run_ingesting_holdings_is_not_duplicated(holdings: HoldingsFolder, job: str) -> None:
    holdings.put("january.csv", "one")
    holdings.add_run(job, "STARTED")
    assert holdings.skips().startswith("A run that ingests the landed files is in progress.")


@pytest.mark.parametrize("job", ["ingestion", "comparison"])
def test_run_without_holdings_blocks_none(holdings: HoldingsFolder, job: str) -> None:
    holdings.put("january.csv", "one")
    holdings.add_run(job, "STARTED")
    assert holdings.starts()


def clean(instance: dg.DagsterInstance, job: str, *also: str) -> str:
    """Record a run that materializes cleaned_transactions and other assets; return its ID."""

    def made(name: str) -> dg.AssetsDefinition:
        @dg.asset(name=name)
        def asset() -> None:
            pass

        return asset

    names = ["cleaned_transactions", *also]
    assets = [made(name) for name in names]
    jobs = [dg.define_asset_job(job, selection=names)]
    defined = dg.Definitions(assets=assets, jobs=jobs).resolve_job_def(job)
    # Named, like a selection in the UI; a complete job names none.
    selection = [dg.AssetKey(name) for name in names] if job == "__selection" else None
    run = defined.execute_in_process(instance=instance, asset_selection=selection)
    report_checks(instance, "cleaned_transactions")
    return run.run_id


def tick(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance
) -> tuple[list[dg.RunRequest], str | None]:
    context = dg.build_sensor_context(instance, definitions=build_defs())
    found = sensor.evaluate_tick(context)
    return list(found.run_requests or ()), found.skip_message


def wait_for_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hour between later attempts pass."""
    an_hour_later = time.time() + LATER_ATTEMPTS_SECONDS
    monkeypatch.setattr(automation.time, "time", lambda: an_hour_later)


def test_cleaned_data_starts_models(instance: dg.DagsterInstance) -> None:
    run_id = clean(instance, "ingestion")
    (request,), _ = tick(cleaned_sensor, instance)
    assert request.run_key == f"{run_id}-1"
    assert request.tags["dagster/max_retries"] == "0"
    assert cleaned_sensor.job_name == "refresh"
    assert dg.AssetKey("cleaned_transactions") not in request.asset_selection
    assert dg.AssetKey("release") in request.asset_selection


@pytest.mark.slow
def test_failed_models_are_retried_then_hourly(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = clean(instance, "ingestion")
    for attempt in (1, 2, 3):
        (request,), _ = tick(cleaned_sensor, instance)
        assert request.run_key == f"{run_id}-{attempt}"
        add_run(instance, "refresh", "FAILURE", **request.tags)
    requests, message = tick(cleaned_sensor, instance)
    assert requests == []
    assert str(message).startswith("3 runs for this content did not succeed.")
    wait_for_the_next_attempt(monkeypatch)
    assert tick(cleaned_sensor, instance)[0]


def test_models_of_a_cancelled_run_are_made_after_an_hour(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that cleaned the data was cancelled after that, and a person had started it."""
    run_id = clean(instance, "refresh")
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceled(run)
    requests, message = tick(cleaned_sensor, instance)
    assert requests == []
    assert str(message).startswith("The last run for this content was cancelled.")
    wait_for_the_next_attempt(monkeypatch)
    assert tick(cleaned_sensor, instance)[0]


@pytest.mark.parametrize("status", UNFINISHED)
def test_models_run_is_not_duplicated(instance: dg.DagsterInstance, status: str) -> None:
    clean(instance, "ingestion")
    add_run(instance, "refresh", status)
    requests, message = tick(cleaned_sensor, instance)
    assert (requests, message) == ([], "A run that builds the models is in progress.")


def test_models_older_than_cleaned_data_do_not_count(
    instance: dg.DagsterInstance,
) -> None:
    clean(instance, "refresh", "nb_classifier")
    clean(instance, "ingestion")
    assert tick(cleaned_sensor, instance)[0]
    clean(instance, "__selection", *release_chain())
    requests, message = tick(cleaned_sensor, instance)
    assert (requests, message) == ([], "The models are up to date with the newest cleaned data.")


@pytest.mark.parametrize("job", ["refresh", "__selection"])
def test_full_run_starts_no_models_run(instance: dg.DagsterInstance, job: str) -> None:
    clean(instance, job, *release_chain())
    requests, message = tick(cleaned_sensor, instance)
    assert requests == []
    assert message == "The models are up to date with the newest cleaned data."


def release_chain() -> list[str]:
    """Return the assets from cleaned data up to and including the release."""
    graph = build_defs().resolve_asset_graph()
    return [key.to_user_string() for key in automation._RELEASE_CHAIN.resolve(graph)]


def test_release_chain_is_downstream_of_cleaned_data() -> None:
    """It excludes holdings, which have their own sensor."""
    chain = release_chain()
    assert {"rfm_table", "customer_segments", "nb_classifier", "model_card", "release"} <= {*chain}
    assert not {"cleaned_transactions", "product_holdings", "segmentation_comparison"} & {*chain}


@pytest.mark.parametrize("left_out", ["release", "rfm_table", "model_card"])
def test_partial_run_is_no_release(instance: dg.DagsterInstance, left_out: str) -> None:
    """A run of `nb_classifier` only, or of all assets but one, makes no release."""
    clean(instance, "__selection", *(name for name in release_chain() if name != left_out))
    assert tick(cleaned_sensor, instance)[0]


def test_partial_models_run_blocks_nothing(instance: dg.DagsterInstance) -> None:
    """The classifier is in progress, but not the release."""
    clean(instance, "ingestion")
    only = frozenset({dg.AssetKey("nb_classifier")})
    started = dg.DagsterRunStatus.STARTED
    instance.add_run(dg.DagsterRun("x", str(uuid4()), status=started, asset_selection=only))
    assert tick(cleaned_sensor, instance)[0]


def test_failed_check_of_cleaned_data_starts_no_models(instance: dg.DagsterInstance) -> None:
    """The release stays; the reason names the check, the finding and the next step."""
    clean(instance, "ingestion")
    report_checks(instance, "cleaned_transactions", every_row_is_accounted_for=False)
    requests, message = tick(cleaned_sensor, instance)
    assert requests == []
    assert "every_row_is_accounted_for did not pass. 2 rows are lost." in str(message)
    assert "No model is built from it." in str(message)
    assert "when a file is delivered or withdrawn, when the contract changes" in str(message)
    # A later evaluation of the same data counts, as when the check is run again by hand.
    report_checks(instance, "cleaned_transactions")
    assert tick(cleaned_sensor, instance)[0]


def test_checks_without_result_start_no_models(landing: Landing) -> None:
    """Their run may be in progress, or was killed before them; the landing sensor retries it."""
    landing.publish_table("cleaned_transactions", "x", every_row_is_accounted_for=None)
    requests, message = tick(cleaned_sensor, landing.instance)
    assert requests == []
    assert "The checks every_row_is_accounted_for of the newest data have no result" in str(message)


def test_results_of_earlier_data_do_not_count(instance: dg.DagsterInstance) -> None:
    """The checks passed before data was cleaned again, which is unchecked."""
    clean(instance, "ingestion")
    instance.report_runless_asset_event(dg.AssetMaterialization("cleaned_transactions"))
    requests, message = tick(cleaned_sensor, instance)
    assert (requests, "have no result yet" in str(message)) == ([], True)


def test_cleaned_data_without_checks_is_cleaned_again(landing: Landing) -> None:
    """A run was killed between the table and its checks, which would never run otherwise."""
    january = landing.put("january.csv", "one")
    landing.record(january)
    content = content_hash([january])
    landing.publish_table("cleaned_transactions", content, transaction_ids_are_unique=None)
    assert landing.starts()
    landing.publish_only(january)
    assert landing.skips().startswith("Nothing new")


def test_failed_cleaned_data_is_reported_not_retried(landing: Landing) -> None:
    """The same rows would fail again; another contract or a withdrawal allows a retry."""
    january, february = landing.put("january.csv", "one"), landing.put("february.csv", "two")
    for sha256 in (january, february):
        landing.record(sha256)
    content = content_hash([january, february])
    landing.publish_table("cleaned_transactions", content, transaction_ids_are_unique=False)
    message = landing.skips()
    assert message.startswith("Nothing new")
    assert "transaction_ids_are_unique did not pass" in message
    landing.delivery.ledger.withdraw(january)
    assert landing.starts()


def test_withdrawal_and_undo_start_runs(landing: Landing) -> None:
    """The copy in the landing folder is known and does not undo the withdrawal."""
    january, february = landing.put("january.csv", "one"), landing.put("february.csv", "two")
    landing.publish(january, february)
    assert landing.skips().startswith("Nothing new")
    landing.delivery.ledger.withdraw(february)
    request = landing.starts()
    assert str(request.run_key).endswith("-1")
    landing.add_run("ingestion", "SUCCESS", **request.tags)
    landing.publish_only(january)
    assert landing.skips().startswith("Nothing new")
    landing.delivery.ledger.undo_withdrawal(february)
    assert landing.starts()


def test_withdrawal_of_everything_starts_nothing(landing: Landing) -> None:
    """There is no content for a table; the release stays."""
    landing.publish(landing.put("january.csv", "one"))
    landing.delivery.ledger.withdraw(sha256_of(Path(landing.delivery.landing_dir) / "january.csv"))
    assert landing.skips().startswith("Nothing new")


def test_corrected_contract_retries_rejected_content_once(landing: Landing, tmp_path: Path) -> None:
    """Not again when it is rejected by the new contract, too."""
    landing.publish("a" * 64)
    bad = landing.put("bad.csv", "one")
    landing.record(bad, "rejected")
    assert landing.skips().startswith("Nothing new")
    landing.use_contract(tmp_path / "other.toml", OTHER_CONTRACT)
    request = landing.starts()
    landing.add_run("ingestion", "SUCCESS", **request.tags)
    landing.record(bad, "rejected")
    landing.publish_only("a" * 64)
    assert landing.skips().startswith("Nothing new")


def test_another_contract_starts_run_for_accepted_content(landing: Landing, tmp_path: Path) -> None:
    """Cleaning it again gives other rows; attempts are bounded as for new content."""
    landing.publish(landing.put("january.csv", "one"))
    landing.use_contract(tmp_path / "other.toml", OTHER_CONTRACT)
    for attempt in range(1, QUICK_ATTEMPTS + 1):
        request = landing.starts()
        assert str(request.run_key).endswith(f"-{attempt}")
        landing.add_run("ingestion", "FAILURE", **request.tags)
    assert landing.skips().startswith("3 runs")


def test_unreadable_contract_is_reported(landing: Landing, tmp_path: Path) -> None:
    """No run is started that would fail."""
    landing.put("january.csv", "one")
    landing.use_contract(tmp_path / "other.toml", "currency = [\n")
    assert landing.skips().endswith("No file is ingested until it is corrected.")


def test_withdrawal_of_only_holdings_starts_run(holdings: HoldingsFolder) -> None:
    """Recommendations based on them must be removed."""
    january = holdings.put("january.csv", "one")
    holdings.record(january)
    holdings.publish_holdings(january)
    assert holdings.skips().startswith("Nothing new")
    holdings.delivery.ledger.withdraw(january)
    request = holdings.starts()
    holdings.add_run("recommendations", "SUCCESS", **request.tags)
    holdings.publish_holdings()
    assert holdings.skips().startswith("Nothing new")


def test_without_cleaned_data_nothing_starts(instance: dg.DagsterInstance) -> None:
    requests, message = tick(cleaned_sensor, instance)
    assert (requests, bool(message)) == ([], True)


class Refit:
    """A platform whose release says whether its model suits the customers."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.store = VersionStore(settings.published_dir)
        self.instance = instance

    def release(self, verdict: str, model: str = "run-1") -> None:
        """Publish a release whose model was fitted by a run."""
        manifest = Manifest(
            kind=PROMOTION,
            note="",
            created_at="2026-01-01T00:00:00+00:00",
            run_id="run-2",
            is_demo=False,
            versions={},
            model_sha256="",
            model=ModelFit(version=model, fitted_at="2026-01-01T00:00:00+00:00"),
            gates=(GateRecord(name=REFIT_GATE, verdict=verdict),),
        )
        with self.store.draft("release", str(uuid4())) as draft:
            write_document(draft.path, manifest.model_dump())

    def look(self) -> dg.RunRequest | dg.SkipReason:
        """Evaluate the sensor."""
        context = dg.build_sensor_context(self.instance, definitions=build_defs())
        published = PublishedResource(published_dir=str(self.store.folder))
        found = refit_sensor(context, published=published)
        assert isinstance(found, dg.RunRequest | dg.SkipReason)
        return found

    def skips(self) -> str:
        """Return why it starts nothing."""
        found = self.look()
        assert isinstance(found, dg.SkipReason)
        return str(found.skip_message)

    def starts(self) -> dg.RunRequest:
        """Return the run that it starts."""
        found = self.look()
        assert isinstance(found, dg.RunRequest)
        return found


@pytest.fixture
def refitting(settings: Settings, instance: dg.DagsterInstance) -> Refit:
    return Refit(settings, instance)


def test_refit_waits_for_a_release(refitting: Refit) -> None:
    assert refitting.skips() == "There is no release yet."


def test_model_that_suits_is_not_refitted(refitting: Refit) -> None:
    refitting.release("passed")
    assert refitting.skips() == "The models in use suit the customers."


def test_stale_model_is_refitted_once(refitting: Refit) -> None:
    """Should the gates refuse the new model, another attempt would be refused as well."""
    refitting.release("warned")
    request = refitting.starts()
    assert request.tags == {REFIT_TAG: "run-1", "dagster/max_retries": "0"}
    assert refit_sensor.job_name == "refit"
    add_run(refitting.instance, "refit", "SUCCESS", **request.tags)
    assert refitting.skips() == "The models were refitted, and the new ones were not released."
    refitting.release("warned", model="run-3")
    assert refitting.starts().tags[REFIT_TAG] == "run-3"


def test_failed_refit_is_retried(refitting: Refit) -> None:
    refitting.release("warned")
    for attempt in range(1, QUICK_ATTEMPTS + 1):
        request = refitting.starts()
        assert request.run_key == f"refit-run-1-{attempt}"
        add_run(refitting.instance, "refit", "FAILURE", **request.tags)
    assert refitting.skips().startswith("3 runs for this content did not succeed.")


@pytest.mark.parametrize("job", ["refresh", "refit"])
def test_refit_waits_for_runs_in_progress(refitting: Refit, job: str) -> None:
    refitting.release("warned")
    add_run(refitting.instance, job, "STARTED")
    assert refitting.skips() == "A run that makes a release is in progress."


def test_monthly_refit_needs_a_release(
    refitting: Refit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    context = dg.build_schedule_context(refitting.instance)
    assert isinstance(refit_schedule(context), dg.SkipReason)
    refitting.release("passed")
    assert isinstance(refit_schedule(context), dg.RunRequest)


def test_old_data_are_removed_monthly_by_a_limit(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    context = dg.build_schedule_context(instance)
    skipped = retention_schedule(context)
    assert isinstance(skipped, dg.SkipReason)
    assert "everything is kept" in str(skipped.skip_message)
    monkeypatch.setenv("BANKSEG_RETAIN_LOGS_DAYS", "90")
    assert isinstance(retention_schedule(context), dg.RunRequest)
