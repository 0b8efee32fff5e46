"""The model card: intended use, training data, quality and limits of the model.

After Mitchell et al., Model Cards for Model Reporting, 2019. A document of plain values, and the
same as an HTML page.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.phrases import REMOVED_BEFORE, window_note
from bankseg_assets.reports.html_page import Rows, render
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

PACKAGES = ("dagster", "pyspark", "scikit-learn", "numpy", "scipy", "pyarrow")
_ATTRIBUTES = {"age_band": "age", "gender": "gender", "location": "place"}

INTENDED = (
    "Grouping customers for campaigns, offers and service, and predicting the group of a customer "
    "at a branch.",
    "Describing groups by their profiles, together with the spread within each group.",
)
NOT_INTENDED = (
    "Decisions on credit, pricing, fraud or employment, or any decision about one person that has "
    "legal or similar effect: the model was not tested for this.",
    "Inferring a person's age, gender or home: they are not features, and profiles are of groups.",
    "Customers that differ from the data window below, in country, product or period.",
)

SPENDING_ALONE = (
    "Recency, frequency and amounts cover spending only. Income, such as salaries, is shown in "
    "the profiles but is not a feature; customers with income and no spending are in no segment."
)

VALUE = (
    "BG/NBD (Fader, Hardie and Lee 2005) for the days with transactions and Gamma-Gamma (Fader and "
    "Hardie 2013) for the amounts, fitted on all customers. Tested on the last third of the span "
    "with a fit on the first two thirds, beside the past repeated and the mean of a segment; one "
    "is used if the model is worse or predicts nothing. The models know neither seasons nor "
    "campaigns, and the first transaction in the data counts as the customer's first. After a "
    "single day with transactions, nothing is known about being active. Intervals leave out the "
    "uncertainty of the parameters."
)
WATCH_LIST = (
    "Customers whose silence, spending or balance is unusual for them, ranked by the probability "
    "that they have left (BG/NBD), by rules, or by recency and value. Tested on the last third of "
    "the span, on customers with three days of transactions or more who were seen recently: of "
    "those at the top of each ranking, the share without any transaction afterwards. Silence is "
    "not a closed account, and a customer with another bank is not known."
)


def model_card(
    *,
    bundle: Mapping[str, Any],
    pca: Mapping[str, Any],
    kmeans: Mapping[str, Any],
    eda: Mapping[str, Rows],
    demographics: Rows,
    value: Mapping[str, Any],
    customer_key: str,
    is_demo: bool,
) -> dict[str, Any]:
    """Return the card from the published documents and tables."""
    overview = eda["overview"][0]
    tried: Sequence[Mapping[str, Any]] = kmeans["sweep"]
    chosen = next((entry for entry in tried if entry["k"] == kmeans["k"]), {})
    return {
        "model": {
            "version": bundle["version"],
            "sha256": bundle["sha256"],
            "fitted_snapshot_date": bundle.get("fitted_snapshot_date") or bundle["snapshot_date"],
            "what": f"{kmeans['algorithm']} segments, predicted by Gaussian naive Bayes",
            "software": {name: version(name) for name in PACKAGES},
        },
        "use": {"intended": list(INTENDED), "not_intended": list(NOT_INTENDED)},
        "data": _data(bundle, overview, customer_key, is_demo=is_demo),
        "features": _features(pca),
        "features_why": pca.get("reason", ""),
        "components": {
            "kept": len(pca["components"][0]),
            "variance_kept": sum(pca["explained_variance"][: len(pca["components"][0])]),
        },
        "segments": _segments(bundle, kmeans, chosen),
        "tested_on": _tested(bundle),
        "inputs": _labels(bundle),
        "metrics": {**bundle["metrics"], "completeness": _completeness(bundle)},
        "fairness": fairness(demographics),
        "value": _value(value),
        "watch_list": _watch_list(value.get("attrition", {})),
        "limits": limits(bundle, chosen, overview, is_demo=is_demo),
    }


def _data(
    bundle: Mapping[str, Any], overview: Mapping[str, Any], customer_key: str, *, is_demo: bool
) -> dict[str, Any]:
    return {
        "is_demo_data": is_demo,
        "first_day": str(overview["first_day"]),
        "last_day": str(overview["last_day"]),
        "snapshot_date": bundle["snapshot_date"],
        "transactions": overview["transactions"],
        "customers": None if is_small(overview["customers"]) else overview["customers"],
        "currency": bundle["currency"],
        "customer_key": customer_key,
        "identity_conflict_share_of_repeat": overview["identity_conflict_share_of_repeat"],
        **({REMOVED_BEFORE: overview[REMOVED_BEFORE]} if REMOVED_BEFORE in overview else {}),
        **({"direction_known": True} if bundle.get("direction_known") else {}),
    }


def _features(pca: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **{name: feature[name] for name in ("name", "measure", "transform", "weight")},
            "parameter": feature["parameter"],
            "skew_before": before,
            "skew_after": after,
            "why": feature["reason"],
        }
        for feature, (before, after) in zip(pca["features"], pca["skew"], strict=True)
    ]


def _segments(
    bundle: Mapping[str, Any], kmeans: Mapping[str, Any], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "k": kmeans["k"],
        "why": kmeans["reason"],
        "silhouette": kmeans["silhouette"],
        "stability": chosen.get("stability"),
        "choices": kmeans["sweep"],
        "continued": (kmeans["matching"] or {}).get(
            "sentence", "There were no segments to continue."
        ),
        "profiles": [
            {name: segment.get(name) for name in ("name", "sentence", "share_of_customers")}
            for segment in bundle["segments"]
        ],
    }


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the forecasts' models and their test out of time."""
    return {
        "what": VALUE,
        "span_days": value["span"],
        "fitted_on_days": value["fitted_span"],
        "days_forecast_by": value["days_by"],
        "spending_forecast_by": value["spend_by"],
        "parameters": {"bg_nbd": value["purchases"], "gamma_gamma": value["money"]},
        "notes": list(value["notes"]),
        "test": [
            {
                "forecast of": what,
                "by": name,
                **{
                    key.replace("_", " "): found[key]
                    for key in ("total_error", "mae", "rank_correlation")
                },
            }
            for what, qualities in (
                ("days with transactions", value["days_quality"]),
                ("spending", value["spend_quality"]),
            )
            for name, found in qualities.items()
        ],
    }


def _watch_list(test: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ranking of the watch list and its test; `test`: empty for an older release."""
    return {
        "what": WATCH_LIST,
        "ranked_by": test.get("by", ""),
        "notes": [test["note"]] if test else [],
        "test": [
            {
                "ranked by": name,
                **{
                    f"left, of the top {share:.0%}": f"{found:.0%} ({found / test['left']:.1f} "
                    "times as many as of all)"
                    for share, found in zip(test["shares"], precision, strict=True)
                },
            }
            for name, precision in test.get("precision", {}).items()
        ],
    }


def fairness(demographics: Rows) -> list[dict[str, Any]]:
    """Return how far each segment differs from all customers in each demographic attribute."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in demographics:
        key = (row["segment_name"], row["attribute"])
        found.setdefault(
            key,
            {
                "segment": row["segment_name"],
                "attribute": _ATTRIBUTES.get(row["attribute"], row["attribute"]),
                "distance": row["distance"],
            },
        )
    return list(found.values())


def limits(
    bundle: Mapping[str, Any],
    chosen: Mapping[str, Any],
    overview: Mapping[str, Any],
    *,
    is_demo: bool,
) -> list[str]:
    """Return the limitations of this model, with its figures."""
    found = [*bundle.get("warnings", ()), *_quality_limits(bundle, chosen)]
    fitted = bundle.get("fitted_snapshot_date") or bundle["snapshot_date"]
    if fitted != bundle["snapshot_date"]:
        found.append(
            f"The model was fitted on the customers of {fitted} and applied to those of "
            f"{bundle['snapshot_date']}: quality with missing inputs and the choice of k are of "
            "the earlier date."
        )
    if bundle.get("direction_known"):
        found.append(SPENDING_ALONE)
    found.append(
        "Recency, frequency and sums cover the data window only: customers without transactions "
        "in it are missing."
    )
    if note := window_note(overview):
        found.append(note)
    if conflicts := overview["identity_conflict_share_of_repeat"]:
        found.append(
            f"{conflicts:.0%} of the customers with two or more transactions have rows that "
            "disagree in birth date or gender: the customer key may not identify persons."
        )
    entries = _completeness(bundle)
    if entries and _has_segments(bundle):
        worst = max(entries, key=lambda entry: entry["calibration_error"])
        found.append(
            "With few inputs predictions are less certain, and their probabilities are lower. The "
            f"calibration error is largest ({worst['calibration_error']:.3f}) with these inputs "
            f"only: {_listed(worst['known'], _labels(bundle))}."
        )
    if is_demo:
        found.insert(0, "Made from demo data: it does not describe real customers.")
    return found


def _quality_limits(bundle: Mapping[str, Any], chosen: Mapping[str, Any]) -> list[str]:
    """Return the limitations of the quality metrics; empty for one segment."""
    if not _has_segments(bundle):
        return [f"{ONE_SEGMENT} The quality metrics are not meaningful."]
    silhouette = chosen.get("silhouette")
    close = "" if silhouette is None else f": the silhouette is {silhouette:z.2f} of at most 1"
    return [
        "The segments are a useful division of customers that are close together, not clearly "
        f"separated groups{close}.",
        f"F1 measures how well naive Bayes reproduces the clustering on {_tested(bundle)}. "
        "It does not measure whether the segments are useful.",
    ]


def _has_segments(bundle: Mapping[str, Any]) -> bool:
    return len(bundle["segments"]) > 1


def _tested(bundle: Mapping[str, Any]) -> str:
    if bundle["metrics"].get("n_held_out") == 0:
        return "the training customers, because there were too few for a held-out test set"
    return "held-out customers"


def _completeness(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the quality for each set of known measures, without evidence, which changes little."""
    names = ("known", "f1_macro", "log_loss", "brier", "calibration_error")
    return [
        {name: entry[name] for name in names}
        for entry in bundle["evaluation"].get("completeness", ())
        if not set(entry["known"]) & set(bundle["evidence"])
    ]


def model_card_page(card: Mapping[str, Any]) -> str:
    """Return the card as a self-contained HTML page."""
    completeness = [
        {**entry, "known": _listed(entry["known"], card["inputs"])}
        for entry in card["metrics"]["completeness"]
    ]
    return render(
        "model_card.html.j2",
        card=card,
        data=_pairs(card["data"]),
        metrics=_pairs(card["metrics"]),
        software=_pairs(card["model"]["software"]),
        completeness=completeness,
        variance_kept=f"{card['components']['variance_kept']:.0%}",
    )


def _labels(bundle: Mapping[str, Any]) -> dict[str, str]:
    return {field["measure"]: field["label"] for field in bundle["inputs"]}


def _listed(names: Sequence[str], labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(name, name) for name in names) or "nothing"


def _pairs(values: Mapping[str, Any]) -> Rows:
    return [
        {"": name.replace("_", " "), "value": value}
        for name, value in values.items()
        if not isinstance(value, (dict, list))
    ]
