"""release: data and model that belong together, put into use if the model is good enough."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field
from pyspark.sql import DataFrame

from bankseg_assets.agreement import adjusted_rand_index
from bankseg_assets.assets.common import FRESHNESS, MODELS, OWNERS
from bankseg_assets.confusion import held_out_confusion
from bankseg_assets.customer_key import RFM_TABLE, key_of
from bankseg_assets.gates import Gate, Limits, Measures, Verdict, gates
from bankseg_assets.releases import (
    FORMAT,
    PROMOTION,
    RELEASE,
    Refusal,
    Release,
    ReleaseError,
    closure,
    current_release,
    note_refusal,
    now,
)
from bankseg_assets.resources import DeliveryResource, PublishedResource
from bankseg_assets.scoring import Bundle, BundleError, load_bundle
from bankseg_assets.store import VersionStore
from bankseg_assets.transforms.drift import distributions, population_stability_index

_DEFAULTS = Limits()
_TOGETHER = "versions_belong_together"
# What people are shown; whatever these were made from comes along.
ROOTS = (
    *("nb_classifier", "segment_profiles", "segment_migration", "eda_report"),
    *("rfm_grid", "rfm_groups", "model_card"),
    *("recommended_actions", "recommendation_model"),
    *("product_recommendations", "quarantined_holdings"),
)
GATES = {
    _TOGETHER: "Data and model were made from one another, by the same runs.",
    "quality_is_kept": "Macro F1 on held-out customers is not clearly below that of the model in "
    "use. Blocks the release.",
    "separation_is_kept": "The silhouette of all customers is not clearly below that of the model "
    "in use. Blocks the release.",
    "segments_are_large_enough": "No segment is too small for a campaign of its own. Blocks the "
    "release.",
    "customers_stay_in_their_segment": "The model in use and this one agree on who belongs "
    "together (adjusted Rand index on held-out customers). Blocks the release.",
    "data_has_not_drifted": "The population stability index of each measure, against the release "
    f"in use: above {Limits.drift_warned} it warns, and the release is made all the same; above "
    f"{Limits.drift_refused} of amounts, balances or ages it blocks, for then the deliveries have "
    "another unit or other customers.",
}
"""The checks of a release, and what each says."""


class ReleaseConfig(dg.Config):
    """How much worse than the release in use a new one may be."""

    f1_loss: float = Field(
        default=_DEFAULTS.f1_loss, description="Macro F1 on held-out customers may fall by this."
    )
    silhouette_loss: float = Field(
        default=_DEFAULTS.silhouette_loss, description="The silhouette may fall by this."
    )
    smallest_share: float = Field(
        default=_DEFAULTS.smallest_share, description="Least share of customers in a segment."
    )
    least_agreement: float = Field(
        default=_DEFAULTS.least_agreement,
        description="Least adjusted Rand index between the model in use and this one.",
    )
    drift_warned: float = Field(
        default=_DEFAULTS.drift_warned, description="Population stability index that is told."
    )
    drift_refused: float = Field(
        default=_DEFAULTS.drift_refused,
        description="Population stability index of amount, balance or age that refuses.",
    )
    force: bool = Field(
        default=False, description="Promote although a gate refuses; the gates still say why not."
    )

    @property
    def limits(self) -> Limits:
        """The limits, for the gates."""
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})


@dg.asset(
    group_name=MODELS,
    owners=OWNERS,
    kinds={"json"},
    freshness_policy=FRESHNESS,
    deps=[*ROOTS],
    check_specs=[
        dg.AssetCheckSpec(name, asset=RELEASE, description=told) for name, told in GATES.items()
    ],
    output_required=False,
)
def release(
    context: dg.AssetExecutionContext,
    config: ReleaseConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    rfm_table: DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output[dict[str, Any]]]:
    """What the app and exports show: one version of every asset, named together.

    Made only when the versions belong together and the model passes its gates against the release
    in use; otherwise the old one keeps serving, and the checks say why. `./bankseg rollback`
    goes back to an earlier one.
    """
    store = published.store
    before = current_release(store.folder)
    try:
        versions = _versions(store)
    except ReleaseError as error:
        yield _result(_TOGETHER, passed=False, sentence=str(error))
        for name in list(GATES)[1:]:  # each must say something, or Dagster fails the step
            yield _result(
                name,
                passed=False,
                sentence="Not measured: the versions do not belong together.",
                severity=dg.AssetCheckSeverity.WARN,
            )
        note_refusal(store.folder, Refusal(context.run.run_id, now(), (str(error),)))
        return
    yield _result(_TOGETHER, passed=True, sentence="All were made from one another.")

    is_demo = delivery.holds_demo_data
    # Demo customers are nobody's benchmark: the bank's own data replaces them whatever it is like.
    compared = before if before is not None and before.is_demo == is_demo else None
    bundle = load_bundle(store.latest("nb_classifier"))
    measured = _measures(bundle)
    counts = distributions(rfm_table)
    found = gates(
        measured,
        None if compared is None else Measures(**compared.metrics),
        agreement=None if compared is None else _agreement(compared, store),
        drift={} if compared is None else _drift(compared, counts),
        limits=config.limits,
    )
    for gate in found:
        yield _gate_result(gate, force=config.force)
    reasons = tuple(gate.sentence for gate in found if gate.verdict is Verdict.REFUSED)
    if reasons and not config.force:
        context.log.error(f"Not promoted. {' '.join(reasons)} The release before stays in use.")
        note_refusal(store.folder, Refusal(context.run.run_id, now(), reasons))
        return
    note_refusal(store.folder, None)
    yield dg.Output(
        {
            "format": FORMAT,
            "kind": PROMOTION,
            "note": f"Forced: {' '.join(reasons)}" if reasons else "",
            "created_at": now(),
            "run_id": context.run.run_id,
            "is_demo": is_demo,
            "customer_key": key_of(
                store.folder / RFM_TABLE / versions[RFM_TABLE], delivery.contract.customer_key
            ),
            "versions": versions,
            "model_sha256": bundle.sha256,
            "metrics": {name: getattr(measured, name) for name in Measures.__dataclass_fields__},
            "distributions": counts,
            "currency": delivery.contract.currency,
            "number_format": delivery.contract.number_format,
            "gates": [_plain(gate) for gate in found],
        },
        metadata={
            "replaces": before.name if before else "",
            "versions": dg.MetadataValue.md(
                "\n".join(["| asset | version |", "|---|---|"])
                + "".join(f"\n| {asset} | {version} |" for asset, version in versions.items())
            ),
        },
    )


def _versions(store: VersionStore) -> dict[str, str]:
    return closure(store.folder, {asset: store.latest(asset).name for asset in ROOTS})


def _measures(bundle: Bundle) -> Measures:
    return Measures(
        f1_macro=bundle.metrics["f1_macro"],
        silhouette=bundle.metrics["silhouette"],
        smallest_share=min(segment["share_of_customers"] for segment in bundle.segments),
    )


def _agreement(compared: Release, store: VersionStore) -> float | None:
    """Return the adjusted Rand index between the model in use and the new segments."""
    try:
        bundle = load_bundle(compared.path("nb_classifier"))
    except BundleError:
        return None  # it is gone or damaged: all the more reason to replace it
    table = held_out_confusion(bundle, store.latest("customer_segments"))
    return adjusted_rand_index(table)


def _drift(compared: Release, counts: dict[str, dict[int, int]]) -> dict[str, float]:
    return {
        measure: population_stability_index(before, counts[measure])
        for measure, before in compared.distributions.items()
        if measure in counts
    }


def _plain(gate: Gate) -> dict[str, Any]:
    return {
        "name": gate.name,
        "verdict": gate.verdict.value,
        "sentence": gate.sentence,
        "numbers": dict(gate.numbers),
    }


def _gate_result(gate: Gate, *, force: bool) -> dg.AssetCheckResult:
    refused = gate.verdict is Verdict.REFUSED and not force
    return _result(
        gate.name,
        passed=gate.verdict is Verdict.PASSED,
        sentence=gate.sentence,
        severity=dg.AssetCheckSeverity.ERROR if refused else dg.AssetCheckSeverity.WARN,
        numbers=dict(gate.numbers),
    )


def _result(
    name: str,
    *,
    passed: bool,
    sentence: str,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    numbers: dict[str, float] | None = None,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=severity,
        description=sentence,
        metadata=numbers or {},
    )
