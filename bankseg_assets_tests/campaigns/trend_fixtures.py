"""Figures of releases, without releases."""

import datetime
from collections.abc import Mapping
from typing import Any

from bankseg_assets.campaigns.release_figures import FIGURES, Arrived, Figures, ReleaseFigures

START = datetime.date(2016, 10, 1)


def figures(kind: str, name: str = "", **values: Any) -> Figures:
    """Return figures: 100 customers who bring 1,000 and are half active."""
    known = {"customers": 100, "money": 1000.0, "active_share": 0.5, "repeat_share": 0.2}
    return Figures.model_validate({"kind": kind, "name": name, **known, **values})


def version(
    number: int,
    segments: Mapping[str, Mapping[str, Any]],
    cohorts: Mapping[str, float | None] | None = None,
    **changes: Any,
) -> ReleaseFigures:
    """Return a release: segment name -> its changes, cohort -> its share of active customers."""
    day = START + datetime.timedelta(days=30 * (number - 1))
    known: dict[str, Any] = {
        "version": FIGURES,
        "release": f"r{number}",
        "number": number,
        "created_at": "",
        "data": f"d{number}",
        "snapshot_date": day.isoformat(),
        "currency": "INR",
        "model": "m1",
        "arrived": Arrived(files=1, accepted=1000 * number, quarantined=None, duplicates=0),
    }
    found = (
        figures("all", customers=100 * number),
        *(figures("segment", name, **values) for name, values in segments.items()),
        figures("group", "At risk"),
    )
    months = tuple(
        figures("cohort", name, active_share=share) for name, share in (cohorts or {}).items()
    )
    return ReleaseFigures(**{**known, "figures": found, "cohorts": months, **changes})


def two_segments(number: int, **changes: Any) -> ReleaseFigures:
    """Return a release with Savers and Spenders."""
    return version(number, {"Savers": {"id": 1}, "Spenders": {"id": 2, "money": 5000.0}}, **changes)
