"""Tables and charts of the model's quality for ML engineers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.panels.profiles import UNKNOWN
from app.widgets.charts import LARGE, number_axis
from app.widgets.glossary import GLOSSARY
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, TOP
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.scoring.documents import ReliabilityBin, Segment, SubsetQuality

METRICS = {
    "f1_weighted": ("F1, weighted by size", "F1"),
    "f1_macro": ("F1, all segments weighted equally (macro)", "F1"),
    "log_loss": ("Log loss before calibration (nats)", "Log loss"),
    "brier": ("Brier score", "Brier score"),
    "calibration_error": ("Expected calibration error", "Calibration error"),
    "silhouette": ("Silhouette, squared Euclidean", "Silhouette"),
}
"""Metric -> its label, and its word in the glossary."""


def metrics(found: Mapping[str, float]) -> pd.DataFrame:
    """Return the model's metrics with readable names."""
    return pd.DataFrame(
        [
            {"Measure": label, "Value": f"{found[name]:z.4f}", "Meaning": GLOSSARY[word]}
            for name, (label, word) in METRICS.items()
            if found.get(name) is not None
        ]
    )


def confusion(
    matrix: Sequence[Sequence[int]], segments: Sequence[Segment], numbers: Numbers
) -> pd.DataFrame:
    """Return the confusion matrix: true segments (rows) by predicted ones (columns).

    Counts of 1 to 10 are shown as <11. Columns are segment numbers, because names are too wide for
    a phone.
    """
    ids = [segment.segment for segment in segments]
    return pd.DataFrame(
        [
            {"True segment": f"{segment.segment}: {segment.name}"}
            | {
                f"as {other}": numbers.count(int(cell))
                for other, cell in zip(ids, row, strict=True)
            }
            for segment, row in zip(segments, matrix, strict=True)
        ]
    )


def completeness(entries: Sequence[SubsetQuality], labels: Mapping[str, str]) -> pd.DataFrame:
    """Return the quality for each subset of known inputs, best first."""
    return pd.DataFrame(
        [
            {
                "Known": ", ".join(labels.get(name, name) for name in entry.known)
                or "none (shares of the segments only)",
                "F1 macro": f"{entry.f1_macro:.3f}",
                "Log loss": f"{entry.log_loss:.3f}",
                "Calibration error": f"{entry.calibration_error:.3f}",
            }
            for entry in sorted(entries, key=lambda entry: entry.log_loss)
        ]
    )


def reliability(rows: Sequence[ReliabilityBin]) -> go.Figure:
    """Return a reliability diagram; a calibrated model is on the diagonal."""
    diagonal = go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "color": OTHER},
        name="calibrated",
    )
    points = go.Scatter(
        x=[row.confidence for row in rows],
        y=[row.accuracy for row in rows],
        mode="lines+markers",
        line={"color": TOP},
        name="this model",
    )
    axis = {"range": [0, 1.02], "tickformat": ".0%", "fixedrange": True}
    layout = go.Layout(
        height=380,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={**axis, "title": "Predicted probability"},
        yaxis={**axis, "title": "Share of correct answers"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return go.Figure([diagonal, points], layout)


def reliability_table(rows: Sequence[ReliabilityBin], numbers: Numbers) -> pd.DataFrame:
    """Return the chart's numbers."""
    return pd.DataFrame(
        [
            {
                "Predicted probability": percent(row.confidence),
                "Share of correct answers": percent(row.accuracy),
                "Customers": numbers.number(row.customers),
            }
            for row in rows
        ]
    )


def sweep(
    entries: Sequence[Mapping[str, Any]], measure: str, title: str, k: int, numbers: Numbers
) -> go.Figure:
    """Return a chart of a metric by k, with the k in use marked."""
    known = [entry for entry in entries if entry[measure] is not None]
    ks, values = [entry["k"] for entry in known], [entry[measure] for entry in known]
    line = go.Scatter(
        x=ks,
        y=values,
        mode="lines+markers",
        line={"color": TOP},
        marker={"size": [14 if one == k else 7 for one in ks]},
        text=[f"{value:.4g}" if value < LARGE else numbers.short(value) for value in values],
        hovertemplate="k = %{x}: %{text}<extra></extra>",
    )
    layout = go.Layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": f"k; {k} is in use", "dtick": 1, "fixedrange": True},
        yaxis=number_axis(title, values, numbers),
    )
    return go.Figure(line, layout)


def choices(entries: Sequence[Mapping[str, Any]], numbers: Numbers) -> pd.DataFrame:
    """Return the metrics of every k."""
    return pd.DataFrame(
        [
            {
                "k": str(entry["k"]),
                "Inertia": numbers.number(round(entry["inertia"])),
                "Silhouette, squared": _figure(entry["silhouette"]),
                "Silhouette, Euclidean": _figure(entry["silhouette_euclidean"]),
                "Gap": _figure(entry["gap"], ".2f"),
                "Smallest": _figure(entry["smallest_share"], ".1%"),
                "F1 macro": _figure(entry["f1_macro"]),
                "Stability": _figure(entry["stability"], unknown="not measured"),
            }
            for entry in entries
        ]
    )


def _figure(value: float | None, form: str = ".3f", unknown: str = UNKNOWN) -> str:
    return unknown if value is None else format(value, form)
