"""The monitoring plan of the model in use, and what was measured of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bankseg_assets.release.releases import Release

PLAN = (
    {
        "what": "Rows of every file add up; no file is mostly invalid",
        "when": "every batch",
        "by": "check every_row_is_accounted_for; gate files_are_mostly_clean",
        "if not": "no model is made from the data; the release in use stays",
    },
    {
        "what": "Customers and transactions in use are in the new data",
        "when": "every batch",
        "by": "gates customers_are_kept, transactions_are_kept",
        "if not": "the candidate is refused",
    },
    {
        "what": "Population stability index of each measure, against the customers of the fit",
        "when": "every batch",
        "by": "gate on drift; gate model_suits_todays_customers",
        "if not": "a warning; the models are fitted again",
    },
    {
        "what": "Macro F1 of the classifier on held-out customers, and the silhouette",
        "when": "every batch",
        "by": "gates quality_is_kept, separation_is_kept",
        "if not": "the candidate is refused; the models are fitted again",
    },
    {
        "what": "Customers stay in their segment when the model changes",
        "when": "every fit",
        "by": "gate customers_stay_in_their_segment",
        "if not": "a warning or a refusal, by the adjusted Rand index",
    },
    {
        "what": "Forecasts of days, spending and activity, on the last third of the span, beside "
        "two baselines",
        "when": "every batch",
        "by": "asset value_model; forecasts.json; model card",
        "if not": "the better baseline is used; pages, lists and the API say what the test found",
    },
    {
        "what": "Ranking of the watch list, by those who left in the last third of the span",
        "when": "every batch",
        "by": "asset value_model (attrition); page Watch list",
        "if not": "the ranking by recency is used; the page says so",
    },
    {
        "what": "Age, gender and place of each segment, compared with all customers",
        "when": "every batch",
        "by": "asset segment_demographics; model card, section Fairness",
        "if not": "the model owner decides",
    },
    {
        "what": "Alternatives: other algorithms, with and without principal components",
        "when": "weekly",
        "by": "asset segmentation_comparison",
        "if not": "the model owner decides",
    },
    {
        "what": "Numpy scores equal Spark's",
        "when": "every batch",
        "by": "check numpy_scores_as_spark_does",
        "if not": "no release",
    },
    {
        "what": "A new version of the data",
        "when": "always",
        "by": "freshness policy: warning after 7 days, failure after 31",
        "if not": "an alert in Dagster",
    },
    {
        "what": "A fit of the models",
        "when": "monthly, and when the gate on today's customers warns",
        "by": "job refit",
        "if not": "a failed run is retried, then logged by failure_sensor",
    },
)
"""What is monitored, when, by what, and what follows if it is not as expected."""


def gates(release: Release) -> list[dict[str, Any]]:
    """Return the gates of a release: verdict, sentence, numbers with their limits."""
    return [one.model_dump() for one in release.gates]


def forecasts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the forecasts were tested, of the value model's document.

    Without deciles, which are of few customers at a small bank.
    """
    found = dict(document)
    for name in ("days_quality", "spend_quality"):
        found[name] = {
            method: {key: value for key, value in figures.items() if key != "deciles"}
            for method, figures in document.get(name, {}).items()
            if isinstance(figures, Mapping)
        }
    return found


def measured(releases: Iterable[Release]) -> list[dict[str, Any]]:
    """Return a row for each kept release, oldest first: metrics, and gates that did not pass."""
    return [
        {
            "version": one.number,
            "made_at": one.created_at,
            "kind": one.kind,
            "fitted_at": one.fit.fitted_at,
            **{
                name: one.metrics.get(name)
                for name in ("f1_macro", "silhouette", "n_segments", "smallest_share")
            },
            "gates": len(one.gates),
            "warned": [gate.name for gate in one.gates if gate.verdict == "warned"],
            "refused_but_forced": [gate.name for gate in one.gates if gate.verdict == "refused"],
            "model_sha256": one.model_sha256,
        }
        for one in releases
    ]
