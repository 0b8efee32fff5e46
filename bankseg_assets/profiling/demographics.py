"""Fairness: how far segments differ in age, gender and location, which are not features.

These attributes do not determine the segment. But they may correlate with the features, and an
offer to a single segment then reaches one group of people more than another.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.disclosure import SMALLEST_CELL, hidden_cells, is_small
from bankseg_assets.presentation.phrases import whole_percent
from bankseg_assets.stats.arrays import Array

ATTRIBUTES = {"age_band": "age", "gender": "gender", "location": "place"}
AGE_BANDS = (
    (0, "under 18"),
    (18, "18-24"),
    (25, "25-34"),
    (35, "35-44"),
    (45, "45-54"),
    (55, "55-64"),
    (65, "65 and over"),
)
UNKNOWN, OTHER = "unknown", "other"
LAST_VALUES = (OTHER, UNKNOWN)
NAMED_SHARE = 0.01  # of all customers; smaller locations and genders are merged
MOST_LOCATIONS = 3
BEYOND_CHANCE = 3.0  # standard errors; with one, a sixth of the locations would stand out by chance
HARDLY = 0.01  # of the members
ALL_REACHED = 1 - 1e-5  # a rounded share
PER_CENT = 0.01
_GENDERS = {"M": "men", "F": "women"}

Rows = list[dict[str, Any]]


def demographics(segments: DataFrame) -> Rows:
    """Return SEGMENT_DEMOGRAPHICS from CUSTOMER_SEGMENTS, in one pass over the customers."""
    counted = _counts(segments)
    names = dict(sorted({row["segment"]: row["segment_name"] for row in counted}.items()))
    return [row for attribute in ATTRIBUTES for row in _mix(attribute, counted, names)]


def mix_sentence(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a sentence on how one segment's members differ from all customers.

    `rows` are the segment's SEGMENT_DEMOGRAPHICS. Empty if the segment is too small, contains all
    customers, or nothing is known.
    """
    named = [row for row in rows if row["value"] not in LAST_VALUES]
    known = [row for row in named if row["share_of_segment"]]
    if all(row["share_reached"] > ALL_REACHED for row in known):
        return ""  # the segment of all customers
    of_attribute = {
        attribute: [row for row in known if row["attribute"] == attribute]
        for attribute in ATTRIBUTES
    }
    parts = [_difference(name, found) for name, found in of_attribute.items() if found]
    if not parts:
        return ""
    text = f"Of 100 members, this many differ from all customers: {', '.join(parts)}."
    genders = sorted(of_attribute["gender"], key=lambda row: -row["share_reached"])
    if len(genders) > 1:
        reached = [
            f"{whole_percent(row['share_reached'])} of {_label(row['value'])}" for row in genders
        ]
        text += f" An offer to this segment alone reaches {' and '.join(reached)}."
    return text


def top_locations(rows: Iterable[Mapping[str, Any]]) -> Rows:
    """Return the locations that are significantly over-represented in a segment.

    At most three, with at least 1 % of all customers each; hidden cells are excluded. `rows` are
    the segment's SEGMENT_DEMOGRAPHICS.
    """
    places = [
        {
            "location": row["value"],
            "customers": row["customers"],
            "share": row["share_of_segment"],
            "index": row["index"],
        }
        for row in rows
        if row["attribute"] == "location"
        and row["value"] not in LAST_VALUES
        and row["customers"]
        and row["index"]
        and _stands_out(row["customers"], 100 * row["customers"] / row["index"])
    ]
    return sorted(places, key=lambda place: (-place["index"], place["location"]))[:MOST_LOCATIONS]


def total_variation(p: npt.ArrayLike, q: npt.ArrayLike) -> float:
    """Return half the sum of |p - q|: how many of 1 would have to change for p to become q.

    >>> round(total_variation([0.5, 0.5], [0.6, 0.4]), 3)
    0.1
    """
    return float(np.abs(np.asarray(p) - np.asarray(q)).sum() / 2)


def _counts(segments: DataFrame) -> list[Row]:
    """Count customers by segment and by each attribute."""
    rows = segments.select(
        "segment",
        "segment_name",
        _age_band().alias("age_band"),
        F.coalesce("gender", F.lit(UNKNOWN)).alias("gender"),
        F.coalesce("location", F.lit(UNKNOWN)).alias("location"),
    )
    columns = ["segment", "segment_name", *ATTRIBUTES]
    sets = [["segment", "segment_name", attribute] for attribute in ATTRIBUTES]
    # In each grouping set, the other attributes are null.
    attribute = F.coalesce(*(F.when(F.col(a).isNotNull(), F.lit(a)) for a in ATTRIBUTES))
    cells = (
        rows.groupingSets([[*map(F.col, one)] for one in sets], *map(F.col, columns))
        .agg(F.count(F.lit(1)).alias("customers"))
        .select(
            "segment",
            "segment_name",
            attribute.alias("attribute"),
            F.coalesce(*ATTRIBUTES).alias("value"),
            "customers",
        )
    )
    with_value = F.sum("customers").over(Window.partitionBy("attribute", "value"))
    everyone = F.sum("customers").over(Window.partitionBy("attribute"))
    rare = (F.col("attribute") != "age_band") & (with_value < NAMED_SHARE * everyone)
    named = F.when(rare, OTHER).otherwise(F.col("value"))
    return (
        cells.withColumn("value", named)
        .groupBy("segment", "segment_name", "attribute", "value")
        .agg(F.sum("customers").alias("customers"))
        .collect()
    )


def _mix(attribute: str, counted: Sequence[Row], names: Mapping[int, str]) -> Rows:
    cells = {
        (row["segment"], row["value"]): row["customers"]
        for row in counted
        if row["attribute"] == attribute
    }
    values = _ordered(attribute, cells)
    counts = np.array([[cells.get((s, v), 0) for v in values] for s in names], dtype=np.int64)
    hidden = hidden_cells(counts, columns=True)
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    shares, whole = counts / sizes[:, None], totals / totals.sum()
    found = []
    for i, segment in enumerate(names):
        too_small = is_small(int(sizes[i]))
        distance = None if too_small else _distance(shares[i], whole, hidden[i])
        for j, value in enumerate(values):
            share: float | None = round(float(shares[i, j]), 6)
            if hidden[i, j] or too_small:
                share = _rounded_share(int(counts[i, j]), int(sizes[i]))
            found.append(
                {
                    "segment": segment,
                    "segment_name": names[segment],
                    "attribute": attribute,
                    "value": value,
                    "customers": None if hidden[i, j] or too_small else int(counts[i, j]),
                    "share_of_segment": share,
                    "share_of_all": None if is_small(int(totals[j])) else round(float(whole[j]), 6),
                    "index": _times(share, 100 / whole[j], 1),
                    "share_reached": _times(share, sizes[i] / totals[j], 6),
                    "distance": distance,
                }
            )
    return found


def _distance(shares: Array, whole: Array, hidden: npt.NDArray[np.bool_]) -> float:
    """Return the total variation distance; hidden values are merged, or it would disclose them."""
    p, q = ([*values[~hidden], values[hidden].sum()] for values in (shares, whole))
    return round(total_variation(p, q), 4)


def _rounded_share(count: int, size: int) -> float | None:
    """Return the share, in whole per cent, of a large cell hidden by complementary suppression.

    Otherwise a few customers of unknown or rare gender would hide how many are women. One per cent
    must be at least eleven customers, so that the small cells remain undisclosed.
    """
    enough = min(count, PER_CENT * size) >= SMALLEST_CELL
    return round(count / size, 2) if enough else None


def _times(share: float | None, factor: float, digits: int) -> float | None:
    return None if share is None else round(float(share * factor), digits)


def _ordered(attribute: str, cells: Mapping[tuple[int, str], int]) -> list[str]:
    """Order bands by age and other values by size; unknown and merged values come last."""
    totals: dict[str, int] = {}
    for (_, value), count in cells.items():
        totals[value] = totals.get(value, 0) + count
    bands = [band for _, band in AGE_BANDS]

    def place(value: str) -> tuple[int, int, str]:
        last = 1 + LAST_VALUES.index(value) if value in LAST_VALUES else 0
        return last, bands.index(value) if value in bands else -totals[value], value

    return sorted(totals, key=place)


def _age_band() -> Column:
    band = F.lit(UNKNOWN)
    for youngest, name in AGE_BANDS:
        band = F.when(F.col("age") >= youngest, name).otherwise(band)
    return band


def _stands_out(customers: int, expected: float) -> bool:
    return bool(customers - expected >= BEYOND_CHANCE * expected**0.5)


def _difference(attribute: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of 100 differ, and in what most, unless the difference is negligible."""
    distance, by = rows[0]["distance"], f"by {ATTRIBUTES[attribute]}"
    if distance < HARDLY:
        return f"under 1 {by}"
    most = max(rows, key=lambda row: abs(row["share_of_segment"] - row["share_of_all"]))
    here, of_all = (whole_percent(most[name]) for name in ("share_of_segment", "share_of_all"))
    if here == of_all:  # many small differences
        return f"{100 * distance:.0f} {by}"
    return f"{100 * distance:.0f} {by} ({_label(most['value'])}: {here} here, {of_all} of all)"


def _label(value: str) -> str:
    return _GENDERS.get(value, value)
