"""Segment facts for tests: given ones, and random realistic ones."""

from collections.abc import Mapping
from math import copysign, log1p
from typing import Any

from hypothesis import strategies as st

from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts

MEASURES = tuple(WORDINGS)
USUAL = {"recency": 50.0, "frequency": 2.0, "average_balance": 1e4, "average_amount": 500.0}


def facts(
    deviations: Mapping[str, float] | None = None,
    *,
    customers: int = 100,
    ratios: Mapping[str, float | None] | None = None,
    one_time_share: float = 0.0,
    days: float = 82.0,
    **medians: float,
) -> SegmentFacts:
    """Return facts with medians and means derived from the deviations, unless given."""
    placed = dict(deviations or {})
    shown = {name: float(f"{USUAL[name] * 2.0**value:.3g}") for name, value in placed.items()}
    means: dict[str, Any] = {name: 2.0 ** (2 * value) for name, value in placed.items()}
    return SegmentFacts(
        customers=customers,
        medians=shown | medians,
        deviations=placed,
        ratios=means | dict(ratios or {}),
        one_time_share=one_time_share,
        days=days,
    )


@st.composite
def described(draw: st.DrawFn, *, least: int = 0) -> list[SegmentFacts]:
    """Return facts of up to ten segments of one model, whose deviations follow from the medians.

    Few distinct values, so that segments often tie; any measure may be unknown of any segment.
    """
    count = draw(st.integers(least, 10))
    numbers = {
        "recency": st.integers(1, 400).map(float) | st.integers(1, 40).map(float),
        "frequency": st.integers(1, 5).map(float) | st.integers(1, 300).map(float),
        "average_balance": st.floats(-1e6, 1e6) | st.sampled_from([-5.0, 0.0, 5.0]),
        "average_amount": st.floats(-1e4, 1e6) | st.sampled_from([-5.0, 0.0, 5.0, 276.0, 234.0]),
    }
    centres = {name: _log(draw(numbers[name])) for name in MEASURES}
    days = draw(st.integers(1, 800))
    alike = draw(st.sets(st.sampled_from(MEASURES), max_size=2))
    found = []
    for _ in range(count):
        names = [name for name in MEASURES if draw(st.integers(0, 9))]
        medians = {name: float(f"{draw(numbers[name]):.3g}") for name in names}
        once = medians.get("frequency") == 1
        found.append(
            SegmentFacts(
                customers=draw(st.integers(0, 1_000)),
                medians=medians,
                deviations={
                    name: (_log(value) - centres[name]) / 1.3
                    for name, value in medians.items()
                    if name not in alike
                },
                ratios={name: draw(st.floats(-5, 10)) for name in names if draw(st.booleans())},
                one_time_share=draw(st.floats(0.5, 1)) if once else draw(st.floats(0, 0.49)),
                days=float(days),
            )
        )
    return found


def _log(value: float) -> float:
    return copysign(log1p(abs(value)), value)
