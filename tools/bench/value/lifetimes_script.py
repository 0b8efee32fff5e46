"""Fit and score customers with the package lifetimes, in an environment of its own.

It imports nothing of bankseg, whose Python has other versions of pandas and numpy. Reading and
writing are left out.
"""

# mypy: ignore-errors

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter

HORIZON = 90


def main(folder: Path) -> None:
    rows = pd.read_csv(folder / "customers.csv")
    started, cpu = time.monotonic(), time.process_time()
    ages = pd.to_datetime(rows["snapshot_date"]) - pd.to_datetime(rows["first_day"])
    age, days = ages.dt.days.astype(float), rows["active_days"].astype(float)
    x, last = days - 1, (age - rows["recency"]).where(days > 1, 0.0)
    mean = rows["monetary"].astype(float) / days
    purchases = BetaGeoFitter().fit(x, last, age)
    some = mean > 0
    money = GammaGammaFitter().fit(days[some], mean[some])
    expected = purchases.conditional_expected_number_of_purchases_up_to_time(HORIZON, x, last, age)
    scored = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "p_alive": np.asarray(purchases.conditional_probability_alive(x, last, age)),
            "days_next_90": np.asarray(expected),
            "spend_next_90": np.asarray(
                expected * money.conditional_expected_average_profit(days, mean)
            ),
        }
    )
    assert len(scored) == len(rows)
    measured = {
        "seconds": time.monotonic() - started,
        "core_seconds": time.process_time() - cpu,
        "parameters": [float(purchases.params_[name]) for name in ("r", "alpha", "a", "b")],
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
