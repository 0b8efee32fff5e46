"""Models of unusual data: `publish(data_dir, **ONE_SEGMENT)`."""

from typing import Any

from bankseg_assets_tests.app.publishing import INPUTS, model

ALL_CUSTOMERS = "All customers"
SAME_DAY = "All transactions are of one day, so recency is the same for all customers."
RECENCY: dict[str, Any] = {
    "measure": "recency",
    "label": "Days since the last transaction",
    "unit": "days",
    "help": "At the snapshot date",
    "minimum": 1,
    "maximum": 1,
    "default": 1,
    "step": 1,
}
_UNKNOWN = dict.fromkeys(("recency", "frequency", "monetary", "average_amount", "age"))
ONE_SEGMENT: dict[str, Any] = {
    "features": [
        {
            **{"name": "recency", "measure": "recency", "transform": "identity"},
            **{"parameter": 0.0, "weight": 0.5, "reason": "days"},
        }
    ],
    "mean": [1.0],
    "scale": [1.0],
    "components": [[1.0]],
    "residual": [[0.0]],
    "centroids": [[0.0]],
    "prior": [1.0],
    "means": [[0.0]],
    "variances": [[1.0]],
    "segments": [
        {
            "segment": 0,
            "name": ALL_CUSTOMERS,
            "sentence": "100% of customers move 100% of the money.",
            "share_of_customers": 1.0,
            "share_of_money": 1.0,
            "medians": {"recency": 1.0, "frequency": 1.0, "average_amount": 459.0, "age": None},
            "index": {"recency": 100.0, "frequency": 100.0, "average_amount": 100.0},
            "rule": None,
            "coverage": None,
            "exclusivity": None,
        }
    ],
    "inputs": [RECENCY],
    "metrics": {"n_segments": 1, "n_customers": 884265},
    "confusion": [[265]],
    "warnings": [SAME_DAY, "All customers are alike, so there is one segment."],
}
ONE_CUSTOMER: dict[str, Any] = ONE_SEGMENT | {
    "segments": [
        {
            "segment": 0,
            "name": ALL_CUSTOMERS,
            "sentence": "Fewer than 11 customers: too few to describe.",
            "share_of_customers": 0.0,
            "share_of_money": 0.0,
            "medians": _UNKNOWN,
            "index": _UNKNOWN,
            "rule": None,
            "coverage": None,
            "exclusivity": None,
        }
    ],
    "metrics": {"n_segments": 1, "n_customers": 1},
    "confusion": [[0]],
}
# All amounts are zero, so there are no shares of the money and no index.
NO_MONEY: dict[str, Any] = {
    "segments": [
        segment
        | {"share_of_money": share, "index": dict.fromkeys(segment["index"])}
        | {"medians": segment["medians"] | {"average_amount": 0.0}}
        for segment, share in zip(model()["segments"], (0.0, None, -5e12), strict=True)
    ]
}
# Refunds exceed the purchases of a segment, so its share of the money is negative.
REFUNDS: dict[str, Any] = {
    "inputs": [INPUTS[0], INPUTS[1] | {"minimum": -2_000_000}],
    "segments": [
        segment
        | {"share_of_money": share, "index": {"frequency": 90.0, "average_amount": -340.0}}
        | {"medians": segment["medians"] | {"average_amount": -250.0}}
        for segment, share in zip(model()["segments"], (-0.5, 0.3, 1.2), strict=True)
    ],
}
# The direction of amounts is known: measures are of spending, and profiles include income.
SPENDING: dict[str, Any] = {
    "direction_known": True,
    "inputs": [
        INPUTS[0] | {"label": "Number of spending transactions"},
        INPUTS[1] | {"label": "Sum of the spending"},
    ],
    "segments": [
        segment
        | {"medians": segment["medians"] | {"income": income}}
        | {"index": segment["index"] | {"income": income / 20}}
        for segment, income in zip(model()["segments"], (2000.0, 0.0, 4000.0), strict=True)
    ],
}
ODD: dict[str, dict[str, Any]] = {
    "direction known": SPENDING,
    "one segment": ONE_SEGMENT,
    "one customer": ONE_CUSTOMER,
    "no money": NO_MONEY,
    "refunds": REFUNDS,
}
