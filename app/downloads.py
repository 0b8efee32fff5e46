"""The customers of a segment as a list for a campaign: made when it is asked for."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from app.data import customers_of
from bankseg_assets.batch_scoring.hold_out import HoldOut
from bankseg_assets.exports import to_csv
from bankseg_assets.partial import posterior
from bankseg_assets.releases import Release
from bankseg_assets.scoring import Bundle

ID = "customer_id"


def campaign_list(
    release: Release, bundle: Bundle, segment: int, actions: Mapping[int, str]
) -> Callable[[], bytes]:
    """Return what makes the CSV of a segment, on the click of a button.

    ID, segment, confidence, action, model version, snapshot, and whether chance leaves the customer
    out (one in ten), so that the effect of a campaign can be measured.
    """
    return partial(_make, release, bundle, segment, dict(actions))


def _make(release: Release, bundle: Bundle, segment: int, actions: dict[int, str]) -> bytes:
    members = customers_of(release, segment, [ID, "segment_name", *bundle.measures])
    known = {name: members[name].to_numpy(dtype=np.float64) for name in bundle.measures}
    chances = posterior(bundle, known).probabilities[:, segment] if len(members) else np.empty(0)
    held_out = HoldOut(ID, campaign=f"{release.name} {segment}")
    found = pd.DataFrame(
        {
            ID: members[ID],
            "segment": segment,
            "segment_name": members["segment_name"],
            "confidence": np.round(chances, 4),
            "action": actions.get(segment, ""),
            "model_version": bundle.version,
            "snapshot_date": bundle.snapshot_date,
            "held_out_of_campaign": [held_out.holds(str(one)) for one in members[ID]],
        }
    )
    return to_csv(found)
