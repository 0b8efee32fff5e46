"""Customers as a list for a campaign: made when it is asked for."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.dataset as ds

from app.state.data import customers_of
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.scoring.posterior import posterior

ID = "customer_id"
CARRIED = {"monetary": "spending", "income": "income"}
"""Columns of customer_segments -> what a list calls them; where the direction is known."""


def campaign_list(
    release: Release, bundle: Bundle, who: ds.Expression, campaign: str, actions: Mapping[int, str]
) -> Callable[[], bytes]:
    """Return what makes the CSV of some customers, on the click of a button.

    ID, segment, confidence, action, model version, snapshot, and whether chance leaves the customer
    out of the campaign (one in ten), so that its effect can be measured. Where the direction of
    amounts is known, also what the customer spent and received.
    """
    return partial(_make, release, bundle, who, campaign, dict(actions))


def _known(bundle: Bundle, name: str, column: pd.Series) -> npt.NDArray[np.float64]:
    """Return a measure as doubles; an average a fraction of a cent below zero counts as zero."""
    values = column.to_numpy(dtype=np.float64)
    return values if bundle.may_be_negative(name) else np.maximum(values, 0.0)


def _make(
    release: Release, bundle: Bundle, who: ds.Expression, campaign: str, actions: dict[int, str]
) -> bytes:
    carried = CARRIED if bundle.direction_known else {}
    columns = [ID, "segment", "segment_name", *dict.fromkeys([*bundle.measures, *carried])]
    members = customers_of(release, who, columns)
    known = {name: _known(bundle, name, members[name]) for name in bundle.measures}
    segments = members["segment"].to_numpy(dtype=np.int64)
    chances = posterior(bundle, known).probabilities if len(members) else np.empty((0, 1))
    held_out = HoldOut(ID, campaign=f"{release.name} {campaign}")
    found = pd.DataFrame(
        {
            ID: members[ID],
            "segment": segments,
            "segment_name": members["segment_name"],
            "confidence": np.round(chances[np.arange(len(members)), segments], 4),
            **{name: members[measure] for measure, name in carried.items()},
            "action": [actions.get(segment, "") for segment in segments.tolist()],
            "model_version": bundle.version,
            "snapshot_date": bundle.snapshot_date,
            "held_out_of_campaign": [held_out.holds(str(one)) for one in members[ID]],
        }
    )
    return to_csv(found)
