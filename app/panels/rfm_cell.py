"""Details of a cell of the RFM grid: customers, money, segments, and a list."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow.dataset as ds
import streamlit as st

from app.panels.downloads import csv_button
from app.panels.rfm import Cell, row_of
from app.widgets.links import segment_address
from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.tables import show_table
from bankseg_assets.campaigns.audiences import cell as cell_audience
from bankseg_assets.presentation.disclosure import shown_rounded
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import Segment


def segments_in(release: Release, cell: Cell) -> dict[int, int]:
    """Return segment -> customers of the cell, in descending order."""
    return _segments_in(tuple(map(str, release.parquet_files("customer_segments"))), cell)


# Cached by file names, which are never reused, so that entries stay valid.
@st.cache_data(max_entries=200, show_spinner=False)
def _segments_in(files: tuple[str, ...], cell: Cell) -> dict[int, int]:
    members = cell_audience(*cell).members
    rows = ds.dataset(files).to_table(["segment"], filter=members)
    counts = rows.to_pandas()["segment"].value_counts()
    return {int(segment): int(count) for segment, count in counts.items()}


def as_table(
    counts: Mapping[int, int], segments: Sequence[Segment], numbers: Numbers
) -> pd.DataFrame:
    """Return the number of a cell's customers per segment, to the nearest ten.

    Exact counts, with the exact size of the cell, would reveal a single hidden count.
    """
    names = {segment.segment: segment.name for segment in segments}
    return pd.DataFrame(
        [
            {"Segment": names[segment], "Customers": shown_rounded(count, numbers.style)}
            for segment, count in counts.items()
        ]
    )


def show_cell(
    release: Release, bundle: Bundle, numbers: Numbers, cells: pd.DataFrame, cell: Cell
) -> None:
    """Draw the details of a cell; nothing and no list for fewer than 11 customers."""
    row = row_of(cells, cell)
    if row is None:
        st.info("This cell has no customers, or too few (under 11) to be shown or listed.")
        return
    left, right = st.columns(2)
    share = row["customers"] / bundle.metrics["n_customers"]
    left.metric(
        "Customers",
        numbers.number(row["customers"]),
        f"{percent(share)} of all",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    per_customer = numbers.money(round(float(row["monetary"]) / row["customers"]))
    right.metric(
        money_name(bundle.direction_known),
        numbers.short_money(float(row["monetary"])),
        f"{per_customer} per customer",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    if "customer_segments" not in release.versions:
        return
    show_table(
        as_table(segments_in(release, cell), bundle.segments, numbers),
        alt="The segments of these customers",
        links={one.name: segment_address(one) for one in bundle.segments},
    )
    st.caption("Customers of this cell by segment, rounded to the nearest ten.")
    csv_button(
        release, bundle, cell_audience(*cell), "Customers of this cell (CSV)", key="download_cell"
    )
