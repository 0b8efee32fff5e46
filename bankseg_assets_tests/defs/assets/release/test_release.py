"""A model that passes the gates is released; otherwise the previous release stays in use."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from bankseg_assets.defs.assets.release.release import GATES, ReleaseConfig
from bankseg_assets.release.gates import Measures
from bankseg_assets.release.releases import (
    Release,
    all_releases,
    current_refusal,
    current_release,
    roll_back,
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


def make_classifier(bank: Platform, change: Change) -> None:
    """Publish a copy of the newest classifier with a change."""
    newest = store(bank).latest("nb_classifier")
    document = json.loads((newest / "model.json").read_text(encoding="utf-8"))
    change(document)
    document["sha256"] = bundle_hash(document)
    with store(bank).draft("nb_classifier", str(uuid4()), version_record(newest).inputs) as draft:
        write_json(draft.path / "model.json", document)
    assert draft.version is not None
    make_card(bank, draft.version.name)


def make_card(bank: Platform, classifier: str) -> None:
    """Publish the model card again for another classifier."""
    newest = store(bank).latest("model_card")
    inputs = version_record(newest).inputs | {"nb_classifier": classifier}
    with store(bank).draft("model_card", str(uuid4()), inputs) as draft:
        write_json(draft.path / "model.json", {})


def release(bank: Platform, **config: Any) -> Run:
    return run_platform(
        bank.resources,
        assets=["release"],
        config=dg.RunConfig({"release": ReleaseConfig(**config)}),
    )


def test_first_release_names_version_of_every_asset(batch: Platform) -> None:
    found = all_releases(batch.settings.published_dir)[0]
    assert found.versions == {
        asset: made["version"] for asset, made in batch.run.metadata.items() if asset != "release"
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
    before = in_use(own_data)
    run = release(own_data)
    assert run.success
    assert in_use(own_data).name > before.name
    checks = run.checks
    assert all(checks[name].passed for name in GATES)
    assert checks["quality_is_kept"].metadata["in_use"].value == before.metrics["f1_macro"]
    agreement = checks["customers_stay_in_their_segment"].metadata["adjusted_rand_index"].value
    assert 0.9 < agreement <= 1
    numbers = checks["data_has_not_drifted"].metadata
    drift = [found.value for name, found in numbers.items() if name.startswith("psi_")]
    assert drift == [0.0] * 6
    assert (numbers["warned_above"].value, numbers["refused_above"].value) == (0.1, 0.25)


def lower_f1(document: dict[str, Any]) -> None:
    document["metrics"]["f1_macro"] -= 0.1


def lower_silhouette(document: dict[str, Any]) -> None:
    document["metrics"]["silhouette"] -= 0.2


def shrink_a_segment(document: dict[str, Any]) -> None:
    document["segments"][0]["share_of_customers"] = 0.001
    document["metrics"]["smallest_share"] = 0.001


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        (lower_f1, "quality_is_kept"),
        (lower_silhouette, "separation_is_kept"),
        (shrink_a_segment, "segments_are_large_enough"),
    ],
)
def test_worse_model_is_refused_and_old_one_stays(
    own_data: Platform, change: Change, gate: str
) -> None:
    before = in_use(own_data)
    make_classifier(own_data, change)
    run = release(own_data)
    check = run.checks[gate]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert [name for name in GATES if not run.checks[name].passed] == [gate]
    assert "release" not in run.metadata
    assert in_use(own_data) == before
    told = current_refusal(own_data.settings.published_dir)
    assert told is not None
    assert told.reasons == (str(check.description),)
    assert "make materialize FORCE=1" in told.reasons[0]


def test_forced_release_records_refusal(own_data: Platform) -> None:
    before = in_use(own_data)
    make_classifier(own_data, lower_f1)
    assert "release" not in release(own_data).metadata
    run = release(own_data, force=True)
    check = run.checks["quality_is_kept"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    found = in_use(own_data)
    assert found.name > before.name
    assert found.note.startswith("Forced: Macro F1 on held-out customers is")
    assert current_refusal(own_data.settings.published_dir) is None


def test_limits_are_run_configuration(own_data: Platform) -> None:
    make_classifier(own_data, lower_f1)
    assert "release" in release(own_data, f1_loss=0.5).metadata


def test_model_with_different_segments_is_refused(own_data: Platform) -> None:
    # The model in use assigns nearly all customers to one segment.
    def blur(document: dict[str, Any]) -> None:
        document["variances"] = [[1e6, 1e6] for _ in document["variances"]]

    good = in_use(own_data).versions["nb_classifier"]
    make_classifier(own_data, blur)
    assert release(own_data, force=True).success
    newest = store(own_data).folder / "nb_classifier" / good
    document = json.loads((newest / "model.json").read_text(encoding="utf-8"))
    make_classifier(own_data, lambda changed: changed.update(document))
    check = release(own_data).checks["customers_stay_in_their_segment"]
    assert not check.passed
    assert "many customers would change segment" in str(check.description)


def test_data_that_drifted_are_refused_with_measure(own_data: Platform) -> None:
    def divide_by_a_hundred(document: dict[str, Any]) -> None:
        counts = document["distributions"]["average_amount"]
        # As if amounts had been in another unit: 92 bins of 5 % lower.
        document["distributions"]["average_amount"] = {
            str(max(int(number) - 92, 0)): count for number, count in counts.items()
        }

    make_release(own_data, divide_by_a_hundred)
    check = release(own_data).checks["data_has_not_drifted"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "average amount (" in str(check.description)
    assert "Look for another unit" in str(check.description)


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
    make_classifier(after_batch, lower_f1)
    run = release(after_batch)
    check = run.checks["quality_is_kept"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    found = in_use(after_batch)
    assert found.note == ""
    assert found.warnings[-1] == str(check.description)
    assert "no release of the bank's own data was in use" in found.warnings[-1]


def test_demo_data_do_not_replace_banks_own(after_batch: Platform) -> None:
    """As when the bank's only file was withdrawn and the demo file is still there."""
    make_release(after_batch, lambda document: document.update(is_demo=False))
    before = in_use(after_batch)
    check = release(after_batch).checks["customers_are_kept"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "this one of demo data alone" in str(check.description)
    assert in_use(after_batch) == before


def test_warnings_of_model_are_those_of_its_release(own_data: Platform) -> None:
    """One place for the app, status and the API."""
    make_classifier(own_data, lambda document: document.update(warnings=["No balances."]))
    assert release(own_data).success
    assert in_use(own_data).warnings == ("No balances.",)


def test_another_currency_is_reported_not_refused(own_data: Platform) -> None:
    """Amounts in other units cannot be compared; frequencies and ages can."""
    make_release(own_data, lambda document: document.update(currency="EUR"))
    run = release(own_data)
    for name in ("customers_stay_in_their_segment", "data_has_not_drifted"):
        assert not run.checks[name].passed
        assert "Money is in INR, and in EUR in the release in use." in str(
            run.checks[name].description
        )
    drift = run.checks["data_has_not_drifted"].metadata
    assert {name for name in drift if name.startswith("psi_")} == {
        *("psi_recency", "psi_frequency", "psi_age")
    }
    assert len(in_use(own_data).warnings) == 2


def test_model_with_other_measures_is_not_compared(own_data: Platform) -> None:
    """An older or newer build may use measures that this build's table lacks."""

    def other(document: dict[str, Any]) -> None:
        for feature in document["features"]:
            if feature["measure"] == "recency":
                feature["measure"] = "days_between"

    good = (store(own_data).latest("nb_classifier") / "model.json").read_text(encoding="utf-8")
    make_classifier(own_data, other)
    versions = in_use(own_data).versions | {
        name: store(own_data).latest(name).name for name in ("nb_classifier", "model_card")
    }
    make_release(own_data, lambda document: document.update(versions=versions))
    make_classifier(own_data, lambda document: document.update(json.loads(good)))
    check = release(own_data).checks["customers_stay_in_their_segment"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "asks for days_between, which the new customers have not" in str(check.description)


def test_inconsistent_versions_are_not_released(after_batch: Platform) -> None:
    before = in_use(after_batch)
    assert run_platform(after_batch.resources, assets=["rfm_table", "pca_model"]).success
    assert run_platform(after_batch.resources, assets=["kmeans_model"]).success
    make_classifier_from_newest(after_batch)
    run = release(after_batch)
    check = run.checks["versions_belong_together"]
    assert not check.passed
    assert "do not belong together" in str(check.description)
    assert run.failures == {}
    assert set(GATES) <= run.checks.keys()
    assert in_use(after_batch) == before


def make_classifier_from_newest(bank: Platform) -> None:
    """Publish the classifier as if made from the newest k-means and the old customers."""
    newest = store(bank).latest("nb_classifier")
    inputs = version_record(newest).inputs
    inputs["kmeans_model"] = store(bank).latest("kmeans_model").name
    with store(bank).draft("nb_classifier", str(uuid4()), inputs) as draft:
        (draft.path / "model.json").write_bytes((newest / "model.json").read_bytes())


def test_rollback_restores_model_and_data(after_batch: Platform) -> None:
    first = in_use(after_batch)
    make_classifier(after_batch, lambda document: document.update(currency="EUR"))
    assert release(after_batch).success
    second = in_use(after_batch)
    assert second.model_sha256 != first.model_sha256
    back = roll_back(store(after_batch))
    assert back.versions == first.versions
    assert load_bundle(in_use(after_batch).path("nb_classifier")).sha256 == first.model_sha256
