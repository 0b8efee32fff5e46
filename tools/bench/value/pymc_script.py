"""Fit and score customers with PyMC-Marketing, in an environment of its own.

The first argument is `map` or `mcmc`, the second the folder. It imports nothing of bankseg. The
start of the package, reading and writing are left out.
"""

# mypy: ignore-errors

import json
import os
import sys
import time
from pathlib import Path

import pandas as pd
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel

HORIZON = 90
SAMPLES = {"draws": 500, "tune": 500, "chains": 2, "cores": 2, "progressbar": False}
EACH = ("chain", "draw")


def main(method: str, folder: Path) -> None:
    rows = pd.read_csv(folder / "customers.csv")
    started, cpu = time.monotonic(), _core_seconds()
    ages = pd.to_datetime(rows["snapshot_date"]) - pd.to_datetime(rows["first_day"])
    age, days = ages.dt.days.astype(float), rows["active_days"].astype(float)
    mean = rows["monetary"].astype(float) / days
    bought = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "frequency": days - 1,
            "recency": (age - rows["recency"]).where(days > 1, 0.0),
            "T": age,
        }
    )
    spent = bought[["customer_id"]].assign(frequency=days, monetary_value=mean)
    options = {"progressbar": False} if method == "map" else SAMPLES
    purchases = BetaGeoModel(data=bought)
    purchases.fit(method=method, **options)
    money = GammaGammaModel(data=spent[mean > 0])
    money.fit(method=method, **options)
    fitted = time.monotonic() - started
    alive = purchases.expected_probability_alive(bought).mean(EACH).to_numpy()
    expected = purchases.expected_purchases(bought, future_t=HORIZON).mean(EACH).to_numpy()
    each = money.expected_customer_spend(spent).mean(EACH).to_numpy()
    scored = rows[["customer_id"]].assign(
        p_alive=alive, days_next_90=expected, spend_next_90=expected * each
    )
    assert not scored["days_next_90"].isna().any()
    means = purchases.fit_result.mean(EACH)
    amounts = money.fit_result.mean(EACH)
    measured = {
        "seconds": time.monotonic() - started,
        "core_seconds": _core_seconds() - cpu,
        "parameters": [float(means[name]) for name in ("r", "alpha", "a", "b")],
        "amounts": [float(amounts[name]) for name in ("p", "q", "v")],
        "fit": fitted,
    }
    print(json.dumps(measured))


def _core_seconds() -> float:
    """Return those of the process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
