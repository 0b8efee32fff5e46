"""CSV lists of customers for a campaign, created on demand."""

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
"""Columns of customer_segments -> columns of a list, if the direction of amounts is known."""


def campaign_list(
    release: Release, bundle: Bundle, who: ds.Expression, campaign: str, actions: Mapping[int, str]
) -> Callable[[], bytes]:
    """Return a function that creates the CSV of the selected customers, for a download button.

    Columns: ID, segment, confidence, action, model version, snapshot, and whether the customer is
    in the random control group (one in ten) by which the campaign's effect can be measured. If the
    direction of amounts is known, also spending and income.
    """
    return partial(_make, release, bundle, who, campaign, dict(actions))


def _known(bundle: Bundle, name: str, column: pd.Series) -> npt.NDArray[np.float64]:
    """Return a measure as doubles; averages less than a cent below zero become zero."""
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
