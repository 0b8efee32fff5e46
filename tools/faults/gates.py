"""Scenario: a model that is worse than the one in use, due to its data or settings."""

import csv
import json
from pathlib import Path

from bankseg_assets.release.releases import current_refusal, current_release
from tools.faults.lab import EVERYTHING_JOB, Lab
from tools.faults.scenario import FaultError, Outcome, scenario

PAISE_FOR_RUPEES = 100
# One component of six features, and more segments than it can separate.
WORSE = {
    "pca_model": {"config": {"n_components": 1, "features": ["recency"]}},
    "kmeans_model": {"config": {"k": 10}},
}


@scenario("worse-model", "a worse model: paise for rupees in the data, or worse settings")
def worse_model(lab: Lab, seed: int) -> Outcome:
    """It is refused with a reason, the release stays in use, and a good model replaces it."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    before = current_release(platform.published)
    assert before is not None
    settings: tuple[str, ...] = ()
    if seed % 2:
        settings = ("--config", json.dumps({"ops": WORSE}))
    else:
        platform.deliver(_in_paise(lab.files[0]))
    with lab.watched(platform, outcome):
        platform.batch(*EVERYTHING_JOB, *settings)
        served, refused = current_release(platform.published), current_refusal(platform.published)
        if served is None or served.name != before.name:
            raise FaultError("the worse model was promoted")
        if refused is None or not refused.reasons:
            raise FaultError(f"the refusal was not recorded\n{platform.log_tail()}")
        if settings:
            outcome.seconds["rerun"] = platform.rerun(*EVERYTHING_JOB)
            served = current_release(platform.published)
            if served is None or served.name == before.name:
                raise FaultError("the good model was not promoted afterwards")
    outcome.holds = outcome.torn == outcome.refused == 0
    outcome.detail = refused.reasons[0][:80]
    lab.discard(platform)
    return outcome


def _in_paise(source: Path) -> Path:
    """Return a file of other transactions with a hundred times the amounts and balances."""
    path = source.with_name("paise.csv")
    with source.open(encoding="utf-8", newline="") as old, path.open("w", newline="") as new:
        reader, writer = csv.reader(old), csv.writer(new)
        writer.writerow(next(reader))
        for row in reader:
            row[0] += "9"
            row[5], row[8] = (
                str(float(v) * PAISE_FOR_RUPEES) if v else v for v in (row[5], row[8])
            )
            writer.writerow(row)
    return path
