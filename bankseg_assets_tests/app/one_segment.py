"""A complete release with one segment, of many customers or of three."""

from datetime import date
from decimal import Decimal
from typing import Any

from bankseg_assets.customers.rfm_grid import GROUP_NAMES, grid, groups_by_segment
from bankseg_assets.reports.model_card import model_card
from bankseg_assets_tests.app.odd_models import ALL_CUSTOMERS, ONE_SEGMENT, SAME_DAY
from bankseg_assets_tests.app.publishing import model
from bankseg_assets_tests.value.documents import value_document

DAY = date(2016, 10, 22)


def tables(count: int, money: Decimal = Decimal(500)) -> dict[str, list[dict[str, Any]]]:
    """Return asset -> rows, for identical customers."""
    customers = [
        {
            **{"customer_id": f"C{number}", "segment": 0, "segment_name": ALL_CUSTOMERS},
            **{"recency": 1, "frequency": 1, "monetary": money},
            **{"recency_score": 5, "frequency_score": 1, "rfm_group": GROUP_NAMES[0]},
        }
        for number in range(count)
    ]
    cell = {name: customers[0][name] for name in (*_CELL, "recency", "frequency")}
    cube: Any = [cell | {"customers": count, "monetary": count * money}]
    is_few = count < 11
    profile = {
        **{"segment": 0, "segment_name": ALL_CUSTOMERS, "people": ""},
        "customers": 0 if is_few else count,
        "total_monetary": 0.0 if is_few else float(count * money),
    }
    flow = {
        **{"from_segment": 0, "from_name": ALL_CUSTOMERS, "to_segment": 0},
        **{"to_name": ALL_CUSTOMERS, "moved": False, "customers": count, "money": count * money},
        **{"from_snapshot": DAY, "to_snapshot": DAY, "compared_with": "before"},
    }
    action = {"segment": 0, "segment_name": ALL_CUSTOMERS, "action": "Call them", "reason": "So."}
    return {
        "customer_segments": customers,
        "rfm_grid": grid(cube),
        "rfm_groups": groups_by_segment(cube),
        "segment_profiles": [profile],
        "segment_migration": [flow | {"kind": kind} for kind in ("both", "customer", "model")],
        "recommended_actions": [action],
    }


def documents(count: int) -> dict[str, dict[str, Any]]:
    """Return asset -> document, for customers without birth date, gender, place and balance."""
    eda = _eda(count)
    kmeans = {
        **{"k": 1, "algorithm": "k-means", "silhouette": 0.0, "matching": None},
        **{"sweep": [], "reason": SAME_DAY},
    }
    pca = {
        **{"features": ONE_SEGMENT["features"], "skew": [[0.0, 0.0]], "components": [[1.0]]},
        **{"explained_variance": [1.0], "reason": "No measure differs between these customers."},
    }
    card = model_card(
        bundle=model(**ONE_SEGMENT),
        pca=pca,
        kmeans=kmeans,
        eda=eda,
        demographics=[],
        value=value_document(tested=False),
        customer_key="customer_id",
        is_demo=False,
    )
    return {"eda_report": eda, "kmeans_model": kmeans, "pca_model": pca, "model_card": card}


_CELL = ("recency_score", "frequency_score", "rfm_group", "segment", "segment_name")


def _eda(count: int) -> dict[str, Any]:
    is_few = count < 11
    overview = {
        **{"transactions": count, "customers": count, "repeat_customers": 0},
        **{"first_day": "2016-10-21", "last_day": "2016-10-21"},
        "amount_total": None if is_few else 500.0 * count,
        "identity_conflict_share_of_repeat": 0.0,
    }
    bars = [] if is_few else [{"rows": count, "amount": 500.0 * count}]
    nulls = ("birth_date", "gender", "location", "balance")
    return {
        "overview": [overview],
        "missing_values": [{"column": one, "missing": count, "share": 1.0} for one in nulls],
        "quantiles": [{"measure": "amount", "p50": None if is_few else 500.0}],
        "outliers": [],
        "correlations": [{"a": "log_amount", "b": "hour", "pearson": None}],
        "amount_distribution": [bar | {"from": 480.0} for bar in bars],
        "balance_distribution": [],
        "age_distribution": [],
        "transactions_by_day": [bar | {"day": "2016-10-21"} for bar in bars],
        "transactions_by_weekday": [bar | {"weekday": 5} for bar in bars],
        "transactions_by_hour": [bar | {"hour": 12} for bar in bars],
        "genders": [],
        "locations": [],
        "frequencies": [] if is_few else [{"frequency": 1, "customers": count}],
        "quarantine_reasons": [],
    }
