"""Asset release: data and model that belong together, promoted if they pass the gates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.campaigns.trend import record_trend
from bankseg_assets.classifier.confusion_matrix import NotComparableError, held_out_confusion
from bankseg_assets.cleaning.row_counts import CLEANED, QUARANTINED, RAW, Account, accounts
from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.customers.customer_key import RFM_TABLE, key_of
from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, RELEASES
from bankseg_assets.defs.assets.release.config import ReleaseConfig
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.metadata import table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.landing.ledger import WITHDRAWN
from bankseg_assets.privacy.audit import SYSTEM, Actor, Event, acting, acting_as, note
from bankseg_assets.release.candidates import (
    AUTOMATIC,
    KNOWN_BY_TAG,
    STARTED_BY_TAG,
    needs_approval,
    submit,
)
from bankseg_assets.release.data_gates import (
    CUSTOMERS,
    NewDelivery,
    Retained,
    data_gates,
    real_data_stays,
)
from bankseg_assets.release.drift import distributions, population_stability_index, psi_noise
from bankseg_assets.release.gates import (
    Gate,
    Limits,
    Measures,
    ReleaseComparison,
    Verdict,
    gates,
    unprotected,
)
from bankseg_assets.release.lost_customers import NotReadableError, accounts_of_release, losses
from bankseg_assets.release.measure_bins import MONEY
from bankseg_assets.release.refit import (
    REFIT_GATE,
    RefitLimits,
    advise_refit,
    below_zero,
    refit_gate,
)
from bankseg_assets.release.releases import (
    PROMOTION,
    RELEASE,
    Approval,
    DeliveryOutcome,
    GateRecord,
    Manifest,
    ModelFit,
    Refusal,
    Release,
    ReleaseError,
    closure,
    current_release,
    next_serial,
    note_refusal,
    now,
)
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import Bundle, BundleError, load_bundle
from bankseg_assets.stats.agreement import adjusted_rand_index
from bankseg_assets.stats.sampling import macro_f1, noise
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import VersionStore

SENSOR_NAME_TAG, SCHEDULE_NAME_TAG = "dagster/sensor_name", "dagster/schedule_name"
_TOGETHER = "versions_belong_together"
_SMALLEST = "segments_are_large_enough"
LEAST_COMPARED = 30  # customers: with fewer, an adjusted Rand index is meaningless
# The assets that are shown; everything upstream of them is included.
ROOTS = (
    *("nb_classifier", "segment_profiles", "segment_migration", "eda_report"),
    *("rfm_grid", "rfm_groups", "model_card"),
    *("recommended_actions", "watch_list", "recommendation_model"),
    *("product_recommendations", "quarantined_holdings"),
)
GATES = {
    _TOGETHER: "Each version was made from the other versions in the release. Otherwise the "
    "release is refused.",
    "quality_is_kept": "Macro F1 on held-out customers is not clearly below that of the model in "
    "use. Otherwise the release is refused.",
    "separation_is_kept": "The silhouette of all customers is not clearly below that of the model "
    "in use. Otherwise the release is refused.",
    "segments_are_large_enough": "No segment is too small for a campaign of its own. Otherwise the "
    "release is refused.",
    "customers_stay_in_their_segment": "The model in use and this one group customers alike "
    "(adjusted Rand index on held-out customers). Otherwise the release is refused.",
    "data_has_not_drifted": "The population stability index (PSI) of each measure against the "
    f"release in use. Warns above {Limits.drift_warned}; the release is refused above "
    f"{Limits.drift_refused} for amounts, balances or ages, which indicates another unit or other "
    "customers.",
    "customers_are_kept": "Customers of the release in use are still present, except those of "
    f"withdrawn files. Warns if {Limits.customers_lost_warned:.0%} or more are lost; the "
    f"release is refused at {Limits.customers_lost_refused:.0%}.",
    "transactions_are_kept": "Clean transactions of the release in use are still clean, except "
    f"those of withdrawn files. Warns if {Limits.rows_lost_warned:.0%} or more are lost; the "
    f"release is refused at {Limits.rows_lost_refused:.0%}.",
    REFIT_GATE: "A model that was kept still suits today's customers: its macro F1, its silhouette "
    "and the distributions of its measures are close to those at the fit. Warns, and the job "
    "`refit` starts; does not refuse the release.",
    "files_are_mostly_clean": "The share of quarantined rows in each file that is new since the "
    f"release in use. Warns at {Limits.quarantined_warned:.0%}; the release is refused at "
    f"{Limits.quarantined_refused:.0%}.",
}
"""The checks of a release with their descriptions."""
SHOWN = ("n_customers", "n_segments", "f1_macro", "silhouette", "smallest_share")
"""Measures of a release in its metadata."""
EVALUATED = "evaluated"
"""Metadata of a check: the release, or the refused candidate, that it evaluated."""
_SPECS = {
    name: dg.AssetCheckSpec(name, asset=RELEASE, description=text) for name, text in GATES.items()
}


@validated_at_launch(ReleaseConfig)
@dg.asset(
    group_name=RELEASES,
    owners=OWNERS,
    kinds={"json"},
    code_version=source_version("release"),
    freshness_policy=FRESHNESS,
    deps=[*ROOTS],
    check_specs=list(_SPECS.values()),
    output_required=False,
)
def release(
    context: dg.AssetExecutionContext,
    config: ReleaseConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    rfm_table: DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.AssetCheckEvaluation | dg.Output[Any]]:
    """What the app and exports show: a consistent set with one version of every asset.

    Created only if the versions were made from one another, and data and model pass the gates
    against the release in use. Otherwise the previous release stays in use, and the checks report
    why. Until the bank's own data has been released, gates only warn. `./bankseg rollback`
    returns to an earlier release.
    """
    store = published.store
    before = current_release(store.folder)
    try:
        # Without assets that an older build did not have, until they are made.
        roots = {asset: store.latest(asset).name for asset in ROOTS if store.versions(asset)}
        versions = closure(store.folder, roots)
    except ReleaseError as error:
        yield from _of_candidate(
            _not_together(error), context.run.run_id, before, fate="was refused"
        )
        refused = Refusal(run_id=context.run.run_id, at=now(), reasons=(str(error),))
        note_refusal(store.folder, refused)
        _record(published, context.run, "refused", refused.reasons)
        return
    candidate = _candidate(store, versions, delivery, rfm_table)
    found = _evaluated(candidate, before, delivery, config)
    results = [_result(_TOGETHER, passed=True, sentence="All versions were made from one another.")]
    results += [_gate_result(gate, force=config.force) for gate in found.gates]
    if found.reasons and not config.force:
        context.log.error(f"Not promoted. {' '.join(found.reasons)}")
        refused = Refusal(
            run_id=context.run.run_id,
            at=now(),
            reasons=found.reasons,
            warnings=found.sentences(Verdict.WARNED),
            deliveries=found.deliveries,
        )
        note_refusal(store.folder, refused)
        _record(published, context.run, "refused", found.reasons)
        yield from _of_candidate(results, context.run.run_id, before, fate="was refused")
        return
    note_refusal(store.folder, None)
    manifest = _manifest(candidate, versions, found, context.run.run_id, next_serial(before))
    if published.require_approval and needs_approval(before, manifest):
        name = submit(store, manifest, maker_of(context.run.tags), before)
        _record(published, context.run, f"candidate {name}", found.reasons)
        context.log.warning(
            "Not promoted yet: the model is new, and a reviewer must approve it: on the page "
            "Approval, or with `bankseg approve`. The release in use stays until then."
        )
        yield from _of_candidate(results, context.run.run_id, before, fate="awaits approval")
        return
    result = f"version {next_serial(before)}{', forced' if found.reasons else ''}"
    _record(published, context.run, result, found.reasons)
    # Before the checks: Dagster assigns a check to the newest materialization.
    yield dg.Output(
        manifest.model_dump(),
        metadata={
            "number": manifest.serial,
            "made_from": "demo data" if manifest.is_demo else "the delivered data",
            **_shown(manifest.metrics),
            "model_fitted_at": manifest.model.fitted_at if manifest.model else manifest.created_at,
            "warnings": " ".join(manifest.warnings) or "none",
            "app": dg.MetadataValue.url(load_settings().app_address),
            "replaces": before.name if before else "none",
            "versions": table_value(["asset", "version"], versions.items()),
        },
    )
    _record_trend(context, store.folder)
    released = current_release(store.folder)
    assert released is not None  # it was written when the output was yielded
    evaluated = {EVALUATED: f"Release {released.name}."}
    yield from (one.with_metadata({**evaluated, **one.metadata}) for one in results)


def _shown(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Return the measures of a release for Dagster's page and plots."""
    found = {name: metrics.get(name) for name in SHOWN}
    # No minus before a zero.
    return {name: round(value, 4) + 0.0 for name, value in found.items() if value is not None}


def _record_trend(context: dg.AssetExecutionContext, published_dir: Path) -> None:
    """Add the figures of the new release to the trend; a failure does not undo the release."""
    try:
        record_trend(published_dir)
    except OSError as error:
        context.log.warning(f"The trend was not written; the next release adds this one: {error}.")


def maker_of(tags: Mapping[str, str]) -> Actor:
    """Return who started a run, by its tags; a sensor or a schedule is not a person."""
    if name := tags.get(STARTED_BY_TAG):
        return Actor(name, tags.get(KNOWN_BY_TAG, SYSTEM))
    for tag in (SENSOR_NAME_TAG, SCHEDULE_NAME_TAG):
        if tag in tags:
            return Actor(tags[tag], AUTOMATIC)
    return acting()


def _record(
    published: PublishedResource, run: dg.DagsterRun, result: str, reasons: Iterable[str]
) -> None:
    """Record the release or its refusal in the audit log, by who started the run."""
    event = Event(RELEASE, on=f"run {run.run_id}", why=" ".join(reasons), result=result)
    with acting_as(maker_of(run.tags)):
        note(published.audit_dir, event)


def _of_candidate(
    results: Iterable[dg.AssetCheckResult], run_id: str, in_use: Release | None, *, fate: str
) -> Iterator[dg.AssetCheckEvaluation | dg.Output[None]]:
    """Yield the results of a candidate that is not promoted, which has no materialization.

    Dagster would assign them to the newest one, which is the release in use.
    """
    stays = f" {in_use.name} stays in use." if in_use else ""
    for result in results:
        name = str(result.check_name)
        yield dg.Output(None, output_name=_SPECS[name].get_python_identifier())
        yield dg.AssetCheckEvaluation(
            asset_key=_SPECS[name].asset_key,
            check_name=name,
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata={
                EVALUATED: f"The candidate of run {run_id[:8]}, which {fate}.{stays}",
                **result.metadata,
            },
        )


def _not_together(error: ReleaseError) -> Iterator[dg.AssetCheckResult]:
    yield _result(_TOGETHER, passed=False, sentence=str(error))
    for name in list(GATES)[1:]:  # every check needs a result, or Dagster fails the step
        yield _result(
            name,
            passed=False,
            sentence="Not measured: the versions do not belong together.",
            severity=dg.AssetCheckSeverity.WARN,
        )


@dataclass(frozen=True)
class _Evaluated:
    """The gates of a candidate, the outcome of its new files, and the fit of a kept model."""

    gates: list[Gate]
    deliveries: tuple[DeliveryOutcome, ...]
    at_fit: ModelFit | None
    approval: Approval | None
    """Of a kept model."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is refused, with the next steps; empty if it is not."""
        return tuple(gate.text for gate in self.gates if gate.verdict is Verdict.REFUSED)

    def sentences(self, verdict: Verdict) -> tuple[str, ...]:
        """Return the sentences of the gates with a verdict."""
        return tuple(gate.sentence for gate in self.gates if gate.verdict is verdict)


def _evaluated(
    candidate: "_Candidate",
    before: Release | None,
    delivery: DeliveryResource,
    config: ReleaseConfig,
) -> _Evaluated:
    # Demo customers are not a benchmark: the bank's own data always replaces them.
    compared = before if before is not None and before.is_demo == candidate.is_demo else None
    arrived = _new_deliveries(candidate, compared, delivery)
    at_fit = compared.fit if compared else None
    if at_fit and at_fit.version != candidate.bundle.version:
        at_fit = None  # this run fitted the model
    found = _model_gates(candidate, compared, config.limits)
    if at_fit:
        found = advise_refit(found)
    found.append(_refit_gate(candidate, at_fit, config.refit_limits))
    found += _data_gates(candidate, compared, arrived, config.limits)
    if before is None or before.is_demo:
        found = unprotected(found)
    elif candidate.is_demo:
        found = [real_data_stays() if gate.name == CUSTOMERS else gate for gate in found]
    approval = compared.approval if compared and at_fit else None
    return _Evaluated(found, tuple(_outcome(one) for one in arrived), at_fit, approval)


def _manifest(
    candidate: "_Candidate", versions: dict[str, str], found: _Evaluated, run_id: str, serial: int
) -> Manifest:
    forced = found.sentences(Verdict.REFUSED)
    return Manifest(
        serial=serial,
        kind=PROMOTION,
        note=f"Forced: {' '.join(forced)}" if forced else "",
        created_at=now(),
        run_id=run_id,
        is_demo=candidate.is_demo,
        customer_key=candidate.customer_key,
        versions=versions,
        model_sha256=candidate.bundle.sha256,
        model=found.at_fit or _fitted_now(candidate),
        metrics=asdict(candidate.measures),
        distributions=candidate.distributions,
        currency=candidate.currency,
        number_format=candidate.number_format,
        gates=tuple(_recorded(gate) for gate in found.gates),
        warnings=(*candidate.warnings, *found.sentences(Verdict.WARNED), *forced),
        deliveries=found.deliveries,
        approval=found.approval,
    )


@dataclass(frozen=True)
class _Candidate:
    """A release candidate: data and model, and their measures."""

    customers: DataFrame
    cleaned: Path
    segments: Path
    accounts: dict[str, Account]
    withdrawn: frozenset[str]
    """Withdrawn deliveries."""
    is_demo: bool
    customer_key: str
    currency: str
    number_format: str
    features_named: tuple[str, ...]
    bundle: Bundle
    measures: Measures
    distributions: dict[str, dict[int, int]]
    warnings: tuple[str, ...]
    """Warnings of the models, in addition to those of the gates."""


def _candidate(
    store: VersionStore, versions: dict[str, str], delivery: DeliveryResource, customers: DataFrame
) -> _Candidate:
    def path(asset: str) -> Path:
        return store.folder / asset / versions[asset]

    bundle = load_bundle(path("nb_classifier"))
    return _Candidate(
        customers=customers,
        cleaned=path(CLEANED),
        segments=path("customer_segments"),
        accounts=accounts(path(RAW), path(CLEANED), path(QUARANTINED)),
        withdrawn=frozenset(
            one.sha256[:DELIVERY_DIGITS]
            for one in delivery.ledger.deliveries()
            if one.status == WITHDRAWN
        ),
        is_demo=delivery.holds_demo_data,
        customer_key=key_of(path(RFM_TABLE), delivery.contract.customer_key),
        currency=delivery.contract.currency,
        number_format=delivery.contract.number_format,
        features_named=tuple(delivery.contract.features),
        bundle=bundle,
        measures=_measures(bundle),
        distributions=distributions(customers),
        warnings=(*bundle.warnings, *_holdings_of_others(path("recommendation_model"))),
    )


def _holdings_of_others(version: Path) -> list[str]:
    """Return why no products are recommended, if holdings do not belong to these customers."""
    model = read_document(version)
    return [] if model.get("matched", True) else [model["state"]]


def _measures(bundle: Bundle) -> Measures:
    shares = [segment.share_of_customers for segment in bundle.segments]
    return Measures(
        f1_macro=bundle.metrics["f1_macro"],
        silhouette=bundle.metrics.get("silhouette", 0.0),
        # A hidden segment has a share of 0 in the bundle; the metric is exact.
        smallest_share=bundle.metrics.get("smallest_share", min(shares)),
        n_customers=int(bundle.metrics.get("n_customers", 0)),
        n_segments=len(bundle.segments),
        f1_noise=noise(bundle.confusion, macro_f1),
        criteria_met=bundle.metrics.get("criteria_met"),
    )


def _model_gates(candidate: _Candidate, compared: Release | None, limits: Limits) -> list[Gate]:
    if compared is None:
        return gates(candidate.measures, None, ReleaseComparison(), limits)
    not_compared = _why_not_compared(candidate, compared)
    agreement, agreement_noise = None, 0.0
    if not not_compared:
        try:
            agreement, agreement_noise = _agreement(candidate, compared)
        except NotComparableError as error:
            not_compared = str(error)
    drift, drift_noise = _drift(candidate, compared)
    found = ReleaseComparison(
        agreement=agreement,
        drift=drift,
        agreement_noise=agreement_noise,
        drift_noise=drift_noise,
        not_compared=not_compared,
        smallest_was_small=any(
            gate.name == _SMALLEST and gate.verdict != Verdict.PASSED.value
            for gate in compared.gates
        ),
    )
    return gates(candidate.measures, Measures.of(compared.metrics), found, limits)


def _fitted_now(candidate: "_Candidate") -> ModelFit:
    return ModelFit(
        version=candidate.bundle.version,
        fitted_at=now(),
        snapshot_date=candidate.bundle.snapshot_date,
        metrics=asdict(candidate.measures),
        distributions=candidate.distributions,
        features_named=candidate.features_named,
    )


def _refit_gate(candidate: _Candidate, at_fit: ModelFit | None, limits: RefitLimits) -> Gate:
    today = candidate.distributions
    then = {} if at_fit is None else at_fit.distributions
    used = {feature.measure for feature in candidate.bundle.features} & then.keys() & today.keys()
    pairs = {name: (then[name], today[name]) for name in sorted(used)}
    drift, drift_noise = _psi(pairs)
    return refit_gate(
        None if at_fit is None else Measures.of(at_fit.metrics),
        candidate.measures,
        drift=drift,
        drift_noise=drift_noise,
        below_zero=tuple(name for name, pair in pairs.items() if below_zero(*pair)),
        limits=limits,
    )


def _why_not_compared(candidate: _Candidate, compared: Release) -> str:
    if not _same(compared.customer_key, candidate.customer_key):
        return (
            f"The customer key is `{candidate.customer_key}`, but `{compared.customer_key}` in the "
            "release in use."
        )
    if not _same(compared.currency, candidate.currency):
        return (
            f"Money is in {candidate.currency}, but in {compared.currency} in the release in use."
        )
    return ""


def _same(recorded: str, found: str) -> bool:
    return recorded in ("", found)  # empty: the release is older than this record


def _agreement(candidate: _Candidate, compared: Release) -> tuple[float, float]:
    """Return the adjusted Rand index between the model in use and the new segments, and its noise.

    Raises NotComparableError.
    """
    try:
        bundle = load_bundle(compared.path("nb_classifier"))
    except BundleError as error:
        raise NotComparableError(f"The model in use cannot be read: {error}") from error
    table = held_out_confusion(bundle, candidate.segments)
    if table.sum() < LEAST_COMPARED:
        raise NotComparableError(
            f"Fewer than {LEAST_COMPARED} customers can be compared, which is too few."
        )
    return adjusted_rand_index(table), noise(table, adjusted_rand_index)


def _drift(candidate: _Candidate, compared: Release) -> tuple[dict[str, float], dict[str, float]]:
    """Return measure -> PSI and measure -> expected PSI by chance, of comparable measures."""
    if not _same(compared.customer_key, candidate.customer_key):
        return {}, {}
    same_money = _same(compared.currency, candidate.currency)
    pairs = {
        measure: (before, candidate.distributions[measure])
        for measure, before in compared.distributions.items()
        if measure in candidate.distributions and (same_money or measure not in MONEY)
    }
    return _psi(pairs)


def _psi(
    pairs: Mapping[str, tuple[Mapping[int, int], Mapping[int, int]]],
) -> tuple[dict[str, float], dict[str, float]]:
    return (
        {measure: population_stability_index(*pair) for measure, pair in pairs.items()},
        {measure: psi_noise(*pair) for measure, pair in pairs.items()},
    )


def _new_deliveries(
    candidate: _Candidate, compared: Release | None, delivery: DeliveryResource
) -> list[NewDelivery]:
    """Return the deliveries that are new since the release in use."""
    try:
        known = accounts_of_release(compared) if compared else {}
    except NotReadableError:
        known = {}
    return [
        NewDelivery(one.file_name, one.sha256, candidate.accounts[key])
        for one in delivery.ledger.deliveries()
        if (key := one.sha256[:DELIVERY_DIGITS]) in candidate.accounts and key not in known
    ]


def _data_gates(
    candidate: _Candidate, compared: Release | None, arrived: list[NewDelivery], limits: Limits
) -> list[Gate]:
    if compared is None:
        return data_gates(None, None, arrived, {}, limits)
    try:
        found = losses(
            compared,
            candidate.cleaned,
            candidate.customers,
            candidate.accounts,
            withdrawn=candidate.withdrawn,
            customer_key=candidate.customer_key,
        )
    except NotReadableError as error:
        unknown = Retained(0, None, str(error))
        return data_gates(unknown, unknown, arrived, {}, limits)
    customers = Retained(found.customers_before, found.customers_lost, found.why_not)
    rows = Retained(found.rows_before, found.rows_lost)
    return data_gates(customers, rows, arrived, found.reasons, limits)


def _outcome(one: NewDelivery) -> DeliveryOutcome:
    return DeliveryOutcome(file_name=one.file_name, sha256=one.sha256, **asdict(one.account))


def _recorded(gate: Gate) -> GateRecord:
    return GateRecord(
        name=gate.name,
        verdict=gate.verdict.value,
        sentence=gate.sentence,
        advice=gate.advice,
        numbers=dict(gate.numbers),
    )


def _gate_result(gate: Gate, *, force: bool) -> dg.AssetCheckResult:
    refused = gate.verdict is Verdict.REFUSED and not force
    return _result(
        gate.name,
        passed=gate.verdict is Verdict.PASSED,
        sentence=gate.text if refused else gate.sentence,
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
