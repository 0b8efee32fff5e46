"""The model card describes the model and its limits, with its figures."""

import json
from typing import Any

from bankseg_assets.reports.model_card import SPENDING_ALONE, model_card, model_card_page
from bankseg_assets_tests.value.documents import value_document

EDA: dict[str, list[dict[str, Any]]] = {
    "overview": [
        {
            "first_day": "2016-08-01",
            "last_day": "2016-10-21",
            "transactions": 524905,
            "customers": 442569,
            "identity_conflict_share_of_repeat": 0.93,
        }
    ]
}
PCA = {
    "features": [
        {
            **{"name": "recency", "measure": "recency", "transform": "identity"},
            **{"weight": 0.5, "parameter": 0.0, "reason": "days"},
        }
    ],
    "skew": [[2.0, 1.0]],
    "components": [[1.0]],
    "explained_variance": [0.8, 0.2],
}
ENTRY = {
    **{"k": 4, "inertia": 9.0, "silhouette": 0.71, "smallest_share": 0.1, "f1_macro": 0.99},
    **{"silhouette_euclidean": 0.5, "gap": 2.0, "gap_error": 0.1, "stability": 0.99},
}
KMEANS = {
    **{"k": 4, "algorithm": "k-means", "reason": "k = 4 is best.", "silhouette": 0.7},
    **{"sweep": [ENTRY], "matching": None},
}
VALUE = value_document()
QUALITY = {"f1_macro": 0.9, "log_loss": 0.1, "brier": 0.1}
BUNDLE: dict[str, Any] = {
    **{"version": "run-1", "sha256": "ab" * 32, "snapshot_date": "2016-10-22", "currency": "INR"},
    "metrics": {"f1_macro": 0.987},
    "evidence": {"age": {}},
    "inputs": [{"measure": "recency", "label": "Days since the last transaction"}],
    "evaluation": {
        "completeness": [
            {"known": [], "calibration_error": 0.001, **QUALITY},
            {"known": ["recency"], "calibration_error": 0.046, **QUALITY},
            {"known": ["recency", "age"], "calibration_error": 0.2, **QUALITY},
        ]
    },
    "segments": [
        {"name": "<b>Big</b>", "sentence": "They spend.", "share_of_customers": 0.6},
        {"name": "Small", "sentence": "They save.", "share_of_customers": 0.4},
    ],
}
DEMOGRAPHICS = [
    {"segment_name": "Big", "attribute": "age_band", "value": value, "distance": 0.07}
    for value in ("18-20", "21-24")
]


def card(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "bundle": BUNDLE,
        "pca": PCA,
        "kmeans": KMEANS,
        "eda": EDA,
        "demographics": DEMOGRAPHICS,
        "value": VALUE,
        "customer_key": "customer_id",
        "is_demo": False,
    }
    return model_card(**{**given, **changes})


def test_card_has_all_sections() -> None:
    found = json.loads(json.dumps(card()))
    assert found["model"]["sha256"] == "ab" * 32
    assert set(found["model"]["software"]) >= {"dagster", "pyspark"}
    assert found["data"]["last_day"] == "2016-10-21"
    assert found["features"][0]["skew_before"] == 2.0
    assert found["components"] == {"kept": 1, "variance_kept": 0.8}
    assert found["segments"]["why"] == "k = 4 is best."
    assert found["fairness"] == [{"segment": "Big", "attribute": "age", "distance": 0.07}]


def test_card_has_test_of_forecasts() -> None:
    found = card()["value"]
    assert found["spending_forecast_by"] == "model"
    assert {row["by"] for row in found["test"]} == {"past", "segment", "model"}
    page = model_card_page(card())
    assert "the model of spending was better than both baselines" in page
    assert "span 20 days" in model_card_page(card(value=value_document(tested=False)))


def test_card_has_test_of_watch_list() -> None:
    precision = {"rules": [0.9, 0.8, 0.7], "recency": [0.6, 0.5, 0.4]}
    test = {"by": "rules", "note": "Ranked by rules.", "left": 0.25, "precision": precision}
    found = card(value=VALUE | {"attrition": test | {"shares": [0.01, 0.05, 0.1]}})
    assert found["watch_list"]["test"][0] == {
        "ranked by": "rules",
        "left, of the top 1%": "90% (3.6 times as many as of all)",
        "left, of the top 5%": "80% (3.2 times as many as of all)",
        "left, of the top 10%": "70% (2.8 times as many as of all)",
    }
    page = model_card_page(found)
    assert "Ranked by rules." in page
    assert "the share without any transaction afterwards" in page
    assert not card()["watch_list"]["test"]


def test_limits_have_figures_of_model() -> None:
    message = " ".join(card()["limits"])
    assert "the silhouette is 0.71 of at most 1" in message
    assert "93% of the customers with two or more transactions" in message
    assert "(0.046) with these inputs only: Days since the last transaction." in message
    assert "demo data" not in message
    assert card(is_demo=True)["limits"][0].startswith("Made from demo data")
    persons = {"overview": [EDA["overview"][0] | {"identity_conflict_share_of_repeat": None}]}
    assert "may not identify persons" not in " ".join(card(eda=persons)["limits"])


def test_limits_of_data_come_first() -> None:
    warned = BUNDLE | {"warnings": ["No balance was delivered."]}
    assert card(bundle=warned)["limits"][0] == "No balance was delivered."
    assert "No balance was delivered." in model_card_page(card(bundle=warned))


def test_card_of_few_customers_names_evaluated_ones() -> None:
    few = BUNDLE | {"metrics": {"f1_macro": 0.9, "n_held_out": 0}}
    page = model_card_page(card(bundle=few))
    assert "Measured on the training customers, because there were too few" in page


def test_one_segment_has_card_without_figures_of_quality() -> None:
    one = BUNDLE | {"segments": BUNDLE["segments"][:1], "evaluation": {}}
    kmeans = KMEANS | {"k": 1, "sweep": [], "silhouette": 0.0}
    persons = {"overview": [EDA["overview"][0] | {"customers": 1}]}
    found = card(bundle=one, kmeans=kmeans, eda=persons, demographics=[])
    assert found["limits"][0].startswith(
        "There is only one segment, so every customer belongs to it"
    )
    assert found["segments"]["stability"] is None
    assert found["data"]["customers"] is None
    assert "silhouette is" not in " ".join(found["limits"])
    assert "<h1>Model card</h1>" in model_card_page(found)


def test_page_matches_card_and_escapes_data() -> None:
    page = model_card_page(card())
    assert "&lt;b&gt;Big&lt;/b&gt;" in page
    assert "<b>Big</b>" not in page
    for text in ("Out-of-scope use", "k = 4 is best.", "ab" * 32, "0.046", "524,905"):
        assert text in page


def test_page_names_inputs_and_columns_in_words() -> None:
    page = model_card_page(card())
    assert "<th>known</th><th>f1 macro</th>" in page
    assert "<td>Days since the last transaction</td>" in page
    assert "<td>nothing</td>" in page


def test_card_says_amounts_are_spending_if_known() -> None:
    known = card(bundle=BUNDLE | {"direction_known": True})
    assert known["data"]["direction_known"] is True
    assert SPENDING_ALONE in known["limits"]
    assert SPENDING_ALONE in model_card_page(known)
    assert "direction_known" not in card()["data"]
    assert SPENDING_ALONE not in card()["limits"]


def test_removed_transactions_are_a_limit() -> None:
    eda = {"overview": [EDA["overview"][0] | {"removed_before": "2016-09-01"}]}
    found = card(eda=eda)
    assert found["data"]["removed_before"] == "2016-09-01"
    assert any("before 2016-09-01 were removed for their age" in one for one in found["limits"])
    assert "removed_before" not in card()["data"]
