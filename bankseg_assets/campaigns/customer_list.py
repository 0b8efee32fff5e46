"""Make the list of an audience's customers for a campaign, those with most money first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.campaigns.audiences import (
    CELL,
    SELECTION,
    Audience,
    customers_of,
    table_of,
)
from bankseg_assets.campaigns.group_actions import GROUP_ACTIONS
from bankseg_assets.contracts.currencies import decimals
from bankseg_assets.privacy.objections import Objections, ObjectionsError, objections
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.answers import SURE
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import SHARE, HoldOut, campaign_name
from bankseg_assets.scoring.lists.score_table import HELD_OUT, LEFT_OUT, SEGMENT_ID
from bankseg_assets.scoring.posterior import posterior
from bankseg_assets.stats.arrays import Array

ID = "customer_id"
RECOMMENDATIONS = "product_recommendations"
BLOCK_ROWS = 50_000
CONFIDENCE_DIGITS = 4
FORECASTS = {"p_alive": 3, "days_next_90": 2, "spend_next_90": None}
"""Columns of forecasts -> digits; None for those of the currency."""
_MONEY = {"monetary": "monetary", "income": "income", "latest_balance": "balance"}
"""Columns of customer_segments -> columns of a list."""


@dataclass(frozen=True)
class Choice:
    """Which customers of an audience are listed, and for which campaign.

    `campaign`: its name draws the control group; empty for the audience's own. `top`: the number
    of customers with most money; 0 for all. `min_confidence`: 0 to 1. `share`: of the control
    group.
    """

    campaign: str = ""
    top: int = 0
    min_confidence: float = 0.0
    share: float = SHARE


@dataclass(frozen=True)
class CampaignList:
    """A list of customers, and what is the same for all of them."""

    customers: pd.DataFrame
    facts: Mapping[str, str | int | float]


def make_list(
    release: Release,
    bundle: Bundle,
    audience: Audience,
    choice: Choice,
    actions: Mapping[int, str],
) -> CampaignList:
    """Return the list of an audience; `actions`: segment -> recommended action.

    Customers who object to marketing are left out. Customers whose segment is not sure have no
    action. Raises ListError.
    """
    objecting = objections_to(release)
    wanted = [
        *("rfm_group", "recency", "frequency", "latest_balance", *FORECASTS),
        *(["income"] if bundle.direction_known else []),
    ]
    table, confidence = select_customers(
        *(release, bundle, audience, choice, objecting, wanted), scored=True
    )
    ids = table[ID].to_pylist()
    found = {
        ID: pd.Series(ids, dtype=object),
        "segment": table["segment"].to_pandas().map(bundle.segment_names),
        **_segment_ids(table, bundle),
        "rfm_group": table["rfm_group"].to_pandas(),
        "recency": table["recency"].to_pandas(),
        "frequency": table["frequency"].to_pandas(),
        **_money(table, bundle),
        **_forecasts(table, bundle),
        "confidence": confidence,
    }
    if (products := _next_products(release, table[ID])) is not None:
        found["next_products"] = products
    advice = _actions(table, audience, actions)
    found["action"] = advice.where(confidence >= SURE, "")
    campaign = campaign_name(choice.campaign or audience.campaign)
    found[HELD_OUT] = HoldOut(ID, campaign, choice.share).which(map(str.strip, ids))
    customers = pd.DataFrame(found)
    facts = _facts(release, bundle, audience, choice, campaign, customers)
    return CampaignList(
        customers, facts | {LEFT_OUT: count_objecting(release, audience, objecting)}
    )


def objections_to(release: Release) -> Objections:
    """Return who objects to marketing. Raises ListError if that cannot be read."""
    try:
        return objections(release.folder)
    except ObjectionsError as error:
        raise ListError(str(error)) from error


def left_out(release: Release, audience: Audience) -> int:
    """Return how many customers of an audience object to marketing. Raises ListError."""
    return count_objecting(release, audience, objections_to(release))


def count_objecting(release: Release, audience: Audience, objecting: Objections) -> int:
    """Return how many customers of an audience are among those who object to marketing."""
    if not objecting.ids:
        return 0
    ids = customers_of(release).to_table([ID], filter=audience.members)[ID]
    return sum(objecting.among(ids.to_pylist()))


def select_customers(
    release: Release,
    bundle: Bundle,
    audience: Audience,
    choice: Choice,
    objecting: Objections,
    wanted: Sequence[str],
    *,
    scored: bool = False,
) -> tuple[pa.Table, Array]:
    """Return the customers with most money first, as `choice` limits them, and their confidence.

    Without those who object. wanted: columns; those that the release lacks are left out. scored:
    without it, the confidence is 0 unless `choice` has a minimum. Raises ListError.
    """
    customers = customers_of(release)
    least = round(choice.min_confidence, CONFIDENCE_DIGITS)
    scored = scored or least > 0
    existing = set(customers.schema.names)
    needed = [ID, "segment", "monetary", *wanted, *(bundle.measures if scored else ())]
    columns = [name for name in dict.fromkeys(needed) if name in existing]
    table = customers.to_table(columns, filter=audience.members).unify_dictionaries()
    if objecting.ids:
        table = table.filter(pc.invert(pa.array(objecting.among(table[ID].to_pylist()))))
    # By ID where the money is equal: the first 500 of a list stay the same 500.
    order = pc.sort_indices(table, sort_keys=[("monetary", "descending"), (ID, "ascending")])
    found = [np.empty(0)]
    top = choice.top or len(order)
    kept = [table.slice(0, 0)]
    count = 0
    for start in range(0, len(order), BLOCK_ROWS):
        # Without a minimum, no more are scored than are listed.
        rows = BLOCK_ROWS if least else min(BLOCK_ROWS, top - count)
        block = table.take(order.slice(start, rows))
        confidence = _confidence(bundle, block) if scored else np.zeros(block.num_rows)
        places = np.flatnonzero(confidence >= least)[: top - count]
        kept.append(block.take(pa.array(places)))
        found.append(confidence[places])
        count += len(places)
        if count >= top:
            break
    return pa.concat_tables(kept), np.concatenate(found)


def _confidence(bundle: Bundle, table: pa.Table) -> Array:
    """Return the model's probability of each customer's own segment."""
    if not table.num_rows:
        return np.empty(0)
    known = {name: _measure(bundle, name, table[name]) for name in bundle.measures}
    numbers = [segment.segment for segment in bundle.segments]
    order = np.argsort(numbers)
    places = order[np.searchsorted(numbers, table["segment"].to_numpy(), sorter=order)]
    chances = posterior(bundle, known).probabilities
    found: Array = chances[np.arange(len(places)), places].round(CONFIDENCE_DIGITS)
    return found


def _doubles(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = column.cast(pa.float64()).to_pandas().to_numpy(np.float64)
    return values


def _measure(bundle: Bundle, name: str, column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a measure; averages less than a cent below zero become zero."""
    values = _doubles(column)
    return values if bundle.may_be_negative(name) else np.maximum(values, 0.0)


def _segment_ids(table: pa.Table, bundle: Bundle) -> dict[str, "pd.Series[int]"]:
    """Return the column of the segments' permanent IDs; none for an older model."""
    if not bundle.segment_ids:
        return {}
    return {SEGMENT_ID: table["segment"].to_pandas().map(bundle.segment_ids).astype("int64")}


def _money(table: pa.Table, bundle: Bundle) -> dict[str, Array]:
    """Return the columns of money that are known for any customer."""
    places = decimals(bundle.currency)
    return {
        name: _doubles(table[column]).round(places)
        for column, name in _MONEY.items()
        if column in table.column_names
        and (column == "monetary" or table[column].null_count < table.num_rows)
    }


def _forecasts(table: pa.Table, bundle: Bundle) -> dict[str, Array]:
    """Return the columns of forecasts that are known for any customer."""
    return {
        name: _doubles(table[name]).round(decimals(bundle.currency) if digits is None else digits)
        for name, digits in FORECASTS.items()
        if name in table.column_names and table[name].null_count < table.num_rows
    }


def _actions(table: pa.Table, audience: Audience, actions: Mapping[int, str]) -> "pd.Series[str]":
    if audience.kind in (CELL, SELECTION):
        by_group = {group: one.action for group, one in GROUP_ACTIONS.items()}
        found: pd.Series[str] = (
            table["rfm_group"].to_pandas().astype(object).map(by_group).fillna("")
        )
        return found
    action = audience.action or actions.get(audience.segment, "")
    return pd.Series([action] * table.num_rows, dtype=object)


def _next_products(release: Release, ids: pa.ChunkedArray) -> "pd.Series[str] | None":
    """Return the recommended products of each customer, the first to offer first.

    None if nothing is recommended to any of them.
    """
    if RECOMMENDATIONS not in release.versions:
        return None
    table = table_of(release, RECOMMENDATIONS)
    if not table.count_rows():
        return None
    is_listed = pc.field(ID).isin(ids.combine_chunks())
    found = table.to_table([ID, "rank", "product"], filter=is_listed).to_pandas()
    if found.empty:
        return None
    listed = ids.to_pandas()
    joined = pd.Series("", index=listed.index)
    for _, rows in found.groupby("rank", sort=True):
        products = rows.set_index(ID)["product"].reindex(listed).fillna("").set_axis(listed.index)
        between = np.where((joined == "") | (products == ""), "", ", ")
        joined = joined + between + products
    return joined


def _facts(
    release: Release,
    bundle: Bundle,
    audience: Audience,
    choice: Choice,
    campaign: str,
    customers: pd.DataFrame,
) -> dict[str, str | int | float]:
    held_out = int(customers[HELD_OUT].sum())
    permanent = bundle.segment_ids.get(audience.segment)
    return {
        "audience": audience.name,
        "kind": audience.kind,
        **({} if permanent is None else {SEGMENT_ID: permanent}),
        "action": audience.action,
        "campaign": campaign,
        "customers": len(customers),
        "to_contact": len(customers) - held_out,
        "held_out_of_campaign": held_out,
        "control_share": choice.share,
        "sorted_by": "monetary, descending",
        "top": choice.top or "all",
        "min_confidence": choice.min_confidence,
        "no_action_below_confidence": SURE,
        "snapshot_date": bundle.snapshot_date,
        "currency": bundle.currency,
        "release": release.name,
        "model_version": bundle.version,
    }
