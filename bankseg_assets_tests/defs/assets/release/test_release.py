"""A model that passes the gates is released; otherwise the previous release stays in use."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from bankseg_assets.defs.assets.release.config import ReleaseConfig
from bankseg_assets.defs.assets.release.release import GATES, maker_of
from bankseg_assets.defs.resources import PublishedResource
from bankseg_assets.privacy.audit import Actor, AuditLog, system_user
from bankseg_assets.release.candidates import AUTOMATIC, approve, pending
from bankseg_assets.release.gates import Measures
from bankseg_assets.release.releases import (
    Release,
    all_releases,
    current_refusal,
    current_release,
)
from bankseg_assets.scoring.bundle import bundle_hash, load_bundle
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore, version_record
from bankseg_assets_tests.batch_fixtures import Platform, make_release
from bankseg_assets_tests.running import DEMO_ROWS, Run, run_platform

Change = Callable[[dict[str, Any]], object]


def store(bank: Platform) -> VersionStore:
    return VersionStore(bank.settings.published_dir)


def in_use(bank: Platform) -> Release:
    found = current_release(bank.settings.published_dir)
    assert found is not None
    return found


def make_classifier(bank: Platform, change: Change, **inputs: str) -> None:
    """Publish a copy of the newest classifier with a change, made from other `inputs`."""
    newest = store(bank).latest("nb_classifier")
    document = json.loads((newest / "model.json").read_text(encoding="utf-8"))
    document["version"] = str(uuid4())  # as if another run had fitted it
    change(document)
    document["sha256"] = bundle_hash(document)
    inputs = version_record(newest).inputs | inputs
    with store(bank).draft("nb_classifier", str(uuid4()), inputs) as draft:
        write_json(draft.path / "model.json", document)
    assert draft.version is not None
    make_card(bank, draft.version.name)


def make_card(bank: Platform, classifier: str) -> None:
    """Publish the model card again for another classifier."""
    newest = store(bank).latest("model_card")
    inputs = version_record(newest).inputs | {"nb_classifier": classifier}
    with store(bank).draft("model_card", str(uuid4()), inputs) as draft:
        write_json(draft.path / "model.json", {})


def release(bank: Platform, instance: dg.DagsterInstance | None = None, **config: Any) -> Run:
    return run_platform(
        bank.resources,
        assets=["release"],
        config=dg.RunConfig({"release": ReleaseConfig(**config)}),
        instance=instance,
    )


def test_first_release_names_version_of_every_asset(batch: Platform) -> None:
    found = all_releases(batch.settings.published_dir)[0]
    assert found.versions == {
        asset: made["version"]
        for asset, made in batch.run.metadata.items()
        if asset not in ("release", "campaign_results")  # results are made after it
    }
    assert found.is_demo
    assert found.customer_key == "customer_id"
    assert load_bundle(found.path("nb_classifier")).sha256 == found.model_sha256
    assert set(found.metrics) == set(Measures.__dataclass_fields__)
    assert all(batch.run.checks[name].passed for name in GATES)
    assert {gate.verdict for gate in found.gates} == {"passed"}
    (delivery,) = found.deliveries
    assert delivery.file_name == "demo_transactions.csv"
    assert delivery.rows_in == DEMO_ROWS + 4
    assert delivery.reasons["conflicting_duplicate"] == 2


def test_model_as_good_is_compared_and_replaces_it(own_data: Platform) -> None:
    """The warnings of the model are those of its release: one place for the app, status and API."""
    before = in_use(own_data)
    make_classifier(own_data, lambda document: document.update(warnings=["No balances."]))
    run = release(own_data)
    assert run.success
    found = in_use(own_data)
    assert found.name > before.name
    assert found.warnings == ("No balances.",)
    checks = run.checks
    assert all(checks[name].passed for name in GATES)
    assert checks["quality_is_kept"].metadata["in_use"].value == before.metrics["f1_macro"]
    agreement = checks["customers_stay_in_their_segment"].metadata["adjusted_rand_index"].value
    assert 0.9 < agreement <= 1
    numbers = checks["data_has_not_drifted"].metadata
    drift = [found.value for name, found in numbers.items() if name.startswith("psi_")]
    assert drift == [0.0] * 6
    assert (numbers["warned_above"].value, numbers["refused_above"].value) == (0.1, 0.25)


def make_worse(document: dict[str, Any]) -> None:
    """Lower F1 and silhouette, and shrink a segment."""
    document["metrics"]["f1_macro"] -= 0.1
    document["metrics"]["silhouette"] -= 0.2
    document["metrics"]["smallest_share"] = 0.001
    document["segments"][0]["share_of_customers"] = 0.001


def test_worse_model_is_refused_unless_forced(own_data: Platform) -> None:
    """The limits are run configuration, and a forced release records the refusal."""
    before = in_use(own_data)
    make_classifier(own_data, make_worse)
    run = release(own_data)
    worse = ("quality_is_kept", "separation_is_kept", "segments_are_large_enough")
    checks = {name: run.checks[name] for name in GATES if not run.checks[name].passed}
    assert tuple(checks) == worse
    assert {check.severity for check in checks.values()} == {dg.AssetCheckSeverity.ERROR}
    assert "release" not in run.metadata
    assert in_use(own_data) == before
    refused = current_refusal(own_data.settings.published_dir)
    assert refused is not None
    assert refused.reasons == tuple(str(check.description) for check in checks.values())
    assert all("make materialize FORCE=1" in reason for reason in refused.reasons)
    audited = list(AuditLog(own_data.settings.audit_dir).entries())[-1]
    assert (audited["what"], audited["result"]) == ("release", "refused")
    assert audited["why"] == " ".join(refused.reasons)

    run = release(own_data, force=True, silhouette_loss=0.5)
    assert run.checks["separation_is_kept"].passed
    check = run.checks["quality_is_kept"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    found = in_use(own_data)
    assert found.name > before.name
    assert found.note.startswith("Forced: Macro F1 on held-out customers is")
    audited = list(AuditLog(own_data.settings.audit_dir).entries())[-1]
    assert audited["result"] == f"version {found.number}, forced"
    assert "Macro F1 on held-out customers is" in audited["why"]
    assert current_refusal(own_data.settings.published_dir) is None


def test_checks_belong_to_the_release_they_evaluated(own_data: Platform) -> None:
    """Those of a refused candidate are not of the release in use, whose own had passed."""
    with dg.DagsterInstance.ephemeral() as instance:
        run = release(own_data, instance)
        released = in_use(own_data).name
        for name in GATES:
            target = run.checks[name].target_materialization_data
            assert target is not None
            assert target.run_id == run.result.run_id
            assert run.checks[name].metadata["evaluated"].value == f"Release {released}."
        make_classifier(own_data, make_worse)
        refused = release(own_data, instance)
        assert refused.success
        assert {check.target_materialization_data for check in refused.checks.values()} == {None}
        assert {check.metadata["evaluated"].value for check in refused.checks.values()} == {
            f"The candidate of run {refused.result.run_id[:8]}, which was refused. "
            f"{released} stays in use."
        }


def test_bank_s_own_data_are_not_compared_with_demo_data(own_data: Platform) -> None:
    def demo(document: dict[str, Any]) -> None:
        document["is_demo"] = True
        document["metrics"]["f1_macro"] = 1.5

    make_release(own_data, demo)
    run = release(own_data)
    assert run.checks["quality_is_kept"].passed
    assert "release" in run.metadata


def test_worse_demo_model_is_released_with_warnings(after_batch: Platform) -> None:
    """With only demo data in use there is nothing to protect."""
    make_classifier(after_batch, make_worse)
    run = release(after_batch)
    check = run.checks["quality_is_kept"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    found = in_use(after_batch)
    assert found.note == ""
    assert str(check.description) in found.warnings
    assert "no release of the bank's own data was in use" in str(check.description)


def test_demo_data_do_not_replace_banks_own(after_batch: Platform) -> None:
    """As when the bank's only file was withdrawn and the demo file is still there."""
    make_release(after_batch, lambda document: document.update(is_demo=False))
    before = in_use(after_batch)
    check = release(after_batch).checks["customers_are_kept"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "this one has only demo data" in str(check.description)
    assert in_use(after_batch) == before


def test_another_currency_is_reported_not_refused(own_data: Platform) -> None:
    """Amounts in other units cannot be compared; frequencies and ages can."""
    make_release(own_data, lambda document: document.update(currency="EUR"))
    run = release(own_data)
    for name in ("customers_stay_in_their_segment", "data_has_not_drifted"):
        assert not run.checks[name].passed
        assert "Money is in INR, but in EUR in the release in use." in str(
            run.checks[name].description
        )
    drift = run.checks["data_has_not_drifted"].metadata
    assert {name for name in drift if name.startswith("psi_")} == {
        *("psi_recency", "psi_frequency", "psi_age")
    }
    assert len(in_use(own_data).warnings) == 2


def test_inconsistent_versions_are_not_released(after_batch: Platform) -> None:
    """The classifier is of a newer k-means than the segments."""
    before = in_use(after_batch)
    newest = store(after_batch).latest("kmeans_model")
    inputs = version_record(newest).inputs
    with store(after_batch).draft("kmeans_model", str(uuid4()), inputs) as draft:
        (draft.path / "model.json").write_bytes((newest / "model.json").read_bytes())
    assert draft.version is not None
    make_classifier(after_batch, lambda _: None, kmeans_model=draft.version.name)
    run = release(after_batch)
    check = run.checks["versions_belong_together"]
    assert not check.passed
    assert "their versions differ" in str(check.description)
    assert run.failures == {}
    assert set(GATES) <= run.checks.keys()
    assert in_use(after_batch) == before


def test_new_model_awaits_approval_and_a_kept_one_does_not(own_data: Platform) -> None:
    """The release in use stays; the checks of the gates have their results."""
    before = in_use(own_data)
    published = PublishedResource(
        published_dir=str(own_data.settings.published_dir), require_approval=True
    )
    strict = replace(own_data, resources={**own_data.resources, "published": published})
    assert "release" in release(strict).metadata  # its model is the one in use
    kept = in_use(own_data)
    assert kept.name > before.name
    make_classifier(own_data, lambda document: document.update(warnings=["New."]))
    run = release(strict)
    assert run.success
    assert "release" not in run.metadata
    assert all(run.checks[name].passed for name in GATES)
    assert in_use(own_data) == kept
    found = pending(own_data.settings.published_dir)
    assert found is not None
    assert (found.manifest.run_id, found.compared_with) == (run.result.run_id, kept.name)
    assert found.made_by.name == system_user().name
    approve(store(own_data), Actor("rita"), "Good.")
    assert release(strict).success
    refreshed = in_use(own_data)
    assert refreshed.approval is not None
    assert refreshed.approval.by == "rita"
    assert pending(own_data.settings.published_dir) is None


@pytest.mark.parametrize(
    ("tags", "maker"),
    [
        ({"bankseg/started_by": "ann", "bankseg/known_by": "login"}, Actor("ann", "login")),
        ({"dagster/sensor_name": "refit_sensor"}, Actor("refit_sensor", AUTOMATIC)),
        ({"dagster/schedule_name": "refit_schedule"}, Actor("refit_schedule", AUTOMATIC)),
        ({}, system_user()),
    ],
)
def test_maker_of_a_model_is_who_started_the_run(tags: dict[str, str], maker: Actor) -> None:
    assert maker_of(tags) == maker
