"""Deliveries and excluded rows, from the ledger and the cleaned versions."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from app.widgets.charts import BAR_HEIGHT, wrapped
from app.widgets.numbers import Numbers
from app.widgets.palette import LOSS, OTHER
from app.widgets.words import words
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import minute
from bankseg_assets.release.releases import Release

MAX_REJECTED_FILES = 3


def ledger_table(deliveries: Sequence[Delivery], numbers: Numbers) -> pd.DataFrame:
    """Return a table of the deliveries, newest first."""
    return pd.DataFrame(
        [
            {
                "File": one.file_name,
                "Result": one.status + (" (demo)" if one.is_demo else ""),
                "Ingested (UTC)": minute(one.taken_at),
                "Records": numbers.number(one.records),
                "Size": f"{one.size_bytes / 1e6:,.1f} MB",
                "Why rejected": one.reason,
            }
            for one in newest_first(deliveries)
        ]
    )


def rejection_reasons(deliveries: Sequence[Delivery]) -> list[str]:
    """Return the last rejections' reasons in full; a table's cell shows only the beginning."""
    rejected = [one for one in newest_first(deliveries) if one.status == "rejected"]
    return [one.reason for one in rejected[:MAX_REJECTED_FILES]]


def newest_first(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries by descending time of ingestion."""
    return sorted(deliveries, key=lambda one: one.taken_at, reverse=True)


def kept_rows(release: Release) -> int:
    """Return the number of cleaned rows, from the Parquet footers."""
    files = release.parquet_files("cleaned_transactions")
    return sum(pq.read_metadata(path).num_rows for path in files)


def excluded_rows(release: Release) -> Counter[tuple[str, str]]:
    """Return (disposition, reason) -> number of rows, reading one column at a time."""
    files = release.parquet_files("quarantined_transactions")
    found: Counter[tuple[str, str]] = Counter()
    columns = ["disposition", "reason"]
    for batch in ds.dataset(files).to_batches(columns=columns) if files else ():
        counted = batch.to_pandas().value_counts(columns)
        for (disposition, reason), rows in counted.items():
            found[str(disposition), str(reason)] += int(rows)
    return found


def balance(kept: int, excluded: Counter[tuple[str, str]], numbers: Numbers) -> str:
    """Return the outcome of all rows as an equation."""
    by_kind: Counter[str] = Counter()
    for (kind, _), rows in excluded.items():
        by_kind[kind] += rows
    quarantined, duplicates = by_kind["quarantined"], by_kind["duplicate"]
    shown = [numbers.count(rows) for rows in (kept, quarantined, duplicates)]
    total = numbers.count(kept + quarantined + duplicates)
    return f"{total} in = {shown[0]} kept + {shown[1]} quarantined + {shown[2]} duplicates"


def reason_bars(excluded: Counter[tuple[str, str]], numbers: Numbers) -> go.Figure:
    """Return a bar per reason of the rows that were not kept; 1 to 10 rows have no length."""
    found = excluded.most_common()
    lengths = [0 if is_small(rows) else rows for _, rows in found]
    bars = go.Bar(
        x=lengths,
        y=[wrapped(words(reason)) for (_, reason), _ in found],
        orientation="h",
        text=[numbers.count(rows) for _, rows in found],
        textposition="outside",
        cliponaxis=False,
        marker_color=[LOSS if kind == "quarantined" else OTHER for (kind, _), _ in found],
        hoverinfo="skip",
    )
    layout = go.Layout(
        height=20 + BAR_HEIGHT * len(found),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={"range": [0, 1.3 * max([*lengths, 1])], "visible": False, "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
        showlegend=False,
    )
    return go.Figure(bars, layout)


def reasons_table(clean: int, excluded: Counter[tuple[str, str]], numbers: Numbers) -> pd.DataFrame:
    """Return a table of the outcomes of the rows."""
    rows = [("Kept", "", numbers.count(clean))]
    rows += [
        (words(kind), words(reason), numbers.count(count))
        for (kind, reason), count in excluded.most_common()
    ]
    return pd.DataFrame(rows, columns=["What became of them", "Why", "Rows"])
