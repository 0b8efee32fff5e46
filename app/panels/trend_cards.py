"""Small multiples on the page Trends: a card for each segment, group, or kind of rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from app.panels.trends import line
from app.widgets.numbers import Numbers
from app.widgets.palette import TOP
from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.campaigns.trend_series import Series
from bankseg_assets.campaigns.trend_words import changed, latest, life, written
from bankseg_assets.presentation.markdown import escaped

IN_A_ROW = 3
"""On a desktop; a phone has one below the other."""


@dataclass(frozen=True)
class Card:
    """A title with a value, its change, a remark, and a chart; None without one."""

    key: str
    title: str
    value: str
    change: str
    remark: str
    chart: Callable[[], go.Figure] | None


def cards_of(
    every: Sequence[Series],
    measure: str,
    found: Sequence[ReleaseFigures],
    numbers: Numbers,
    colours: Mapping[str, str],
) -> list[Card]:
    """Return the card of each series; a single version has no line."""
    return [
        Card(
            f"{one.kind}_{place}",
            one.name,
            written(measure, latest(one, measure), numbers.currency, numbers.style),
            changed(one, measure),
            life(one, found),
            None if len(found) == 1 else _line_of(one, measure, found, numbers, colours),
        )
        for place, one in enumerate(every)
    ]


def show_cards(cards: Sequence[Card]) -> None:
    """Draw cards, some in a row."""
    for start in range(0, len(cards), IN_A_ROW):
        row = cards[start : start + IN_A_ROW]
        for box, card in zip(st.columns(IN_A_ROW), row, strict=False):
            with box.container(border=True, key=f"trend_{card.key}", gap="xsmall"):
                _show(card)


def _show(card: Card) -> None:
    remark = f" :small[{card.remark}]" if card.remark else ""
    st.markdown(f"**{escaped(card.title)}**{remark}")
    is_same = card.change in ("", "unchanged")
    st.metric(
        card.title,
        card.value,
        card.change or None,
        delta_color="off" if is_same else "normal",
        delta_arrow="off" if is_same else "auto",
        label_visibility="collapsed",
    )
    if card.chart is not None:
        st.plotly_chart(
            card.chart(),
            config={"displayModeBar": False},
            alt=f"{card.title} over the versions; the table has the same numbers.",
            key=f"chart_{card.key}",
        )


def _line_of(
    one: Series,
    measure: str,
    found: Sequence[ReleaseFigures],
    numbers: Numbers,
    colours: Mapping[str, str],
) -> Callable[[], go.Figure]:
    return lambda: line(one, measure, found, numbers, colour=colours.get(one.name, TOP))
