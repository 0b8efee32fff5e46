"""The answer for one customer: segment, confidence, reasons, and what would change it."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.panels.profiles import profile, show_comparison
from app.widgets.charts import probability_bars, wrapped
from app.widgets.links import link_to_segment
from app.widgets.measures import written
from app.widgets.numbers import Numbers
from app.widgets.palette import colour
from app.widgets.tables import show_table
from bankseg_assets.presentation.formatting import day, probability, signed
from bankseg_assets.scoring.answers import NO_ACTION, answers
from bankseg_assets.scoring.bundle import DERIVED, Bundle
from bankseg_assets.scoring.documents import NumberInput, Segment
from bankseg_assets.scoring.explain import (
    Reason,
    next_question,
    plausibility_notes,
    smallest_change,
    why,
)
from bankseg_assets.scoring.inputs import asked_of
from bankseg_assets.scoring.observed import range_in_data

Given = Mapping[str, Any]
MIN_GAIN = 0.05  # bits: a smaller gain does not justify a question to the customer
MAX_CHANGES = 3


def show_answer(bundle: Bundle, given: Given, actions: Mapping[int, str], numbers: Numbers) -> None:
    """Score the customer and draw the answer; `actions`: segment -> next action."""
    _show_notes(bundle, given)
    if len(bundle.segments) == 1:
        _show_only_segment(bundle, given, actions, numbers)
        return
    found = answers(bundle, given)
    is_sure = bool(found.sure[0])
    best = bundle.segments[int(found.places[0])]  # first also among equals
    ranking = sorted(
        zip(found.probabilities[0], bundle.segments, strict=True),
        key=lambda pair: (-pair[0], pair[1] is not best),
    )
    (chance, segment), (second_chance, second) = ranking[:2]
    reasons = why(bundle, given)

    st.markdown("Most likely segment" if is_sure else "Not sure; the most likely segment is")
    st.header(segment.name, anchor=False)
    st.markdown(verdict(chance, second.name, second_chance, is_sure=is_sure))
    st.markdown(reasons.sentence)
    if action := actions.get(segment.segment):
        st.markdown(f":material/campaign: **{action}**" if is_sure else NO_ACTION)
    link_to_segment(segment, "More about this segment")
    _ask_next(bundle, given)

    names = [candidate.name for _, candidate in ranking]
    shares = [float(share) for share, _ in ranking]
    st.plotly_chart(
        probability_bars([candidate for _, candidate in ranking], shares),
        config={"displayModeBar": False},
        alt="A bar for each segment's probability; the table below has the same numbers.",
        key="probabilities",
    )
    st.caption("The probability of each segment for this customer.")
    show_table(
        pd.DataFrame({"Segment": names, "Probability": [probability(share) for share in shares]}),
        alt="Probability of each segment",
    )
    if reasons.reasons:
        st.subheader(f"Why not {second.name}?", anchor=False)
        st.plotly_chart(
            reason_bars(reasons.reasons, colour(segment), colour(second)),
            config={"displayModeBar": False},
            alt="How far each input supports either segment; the sentence above has the same.",
            key="reasons",
        )
        st.caption(
            f"Bars to the right support {segment.name}, bars to the left {second.name}. The "
            "numbers are log odds: 0.7 makes a segment twice as likely as the other, 2.3 ten "
            "times."
        )
    _changes(bundle, given)
    _compare(bundle, segment, given, numbers)


def _show_only_segment(
    bundle: Bundle, given: Given, actions: Mapping[int, str], numbers: Numbers
) -> None:
    (segment,) = bundle.segments
    st.header(segment.name, anchor=False)
    st.markdown(why(bundle, given).sentence)
    if action := actions.get(segment.segment):
        st.markdown(f":material/campaign: **{action}**")
    _compare(bundle, segment, given, numbers)


def _compare(bundle: Bundle, segment: Segment, given: Given, numbers: Numbers) -> None:
    st.subheader("Compared with the segment", anchor=False)
    st.markdown(segment.sentence)
    numeric = {name: value for name, value in given.items() if name in bundle.measures}
    for name, (numerator, denominator) in DERIVED.items():
        if {numerator, denominator} <= numeric.keys():
            numeric[name] = numeric[numerator] / max(numeric[denominator], 1)
    table = profile(segment, numbers, numeric, direction_known=bundle.direction_known)
    show_comparison(table, bundle.segments)
    st.caption(
        f"Answered by model {bundle.version.split('-')[0]}, from the snapshot of "
        f"{day(bundle.snapshot_date)}."
    )


def _show_notes(bundle: Bundle, given: Given) -> None:
    if notes := plausibility_notes(bundle, given):
        lines = "\n".join(f"- {note}" for note in notes)
        st.warning(
            f"**Hardly any customer has such values. Are they correct?**\n{lines}",
            icon=":material/warning:",
        )


def verdict(chance: float, runner_up: str, second_chance: float, *, is_sure: bool) -> str:
    """Return a sentence about the confidence of the model."""
    first, second = probability(chance), probability(second_chance)
    if is_sure:
        return f"**{first}** probable. Second: {runner_up}, {second}."
    return (
        f"Only **{first}** probable; **{runner_up}** is also possible, {second}. Treat the answer "
        "as a hint."
    )


def reason_bars(reasons: tuple[Reason, ...], for_it: str, against: str) -> go.Figure:
    """Return a bar chart of each input's contribution to the log odds, in nats."""
    values = [reason.contribution for reason in reasons]
    reach = 1.6 * max([abs(value) for value in values], default=1.0)
    bars = go.Bar(
        x=values,
        y=[wrapped(reason.label) for reason in reasons],
        orientation="h",
        text=[signed(value) for value in values],
        textposition="outside",
        cliponaxis=False,
        marker_color=[for_it if value > 0 else against for value in values],
        hoverinfo="skip",
    )
    layout = go.Layout(
        height=70 + 40 * len(values),
        margin={"l": 0, "r": 0, "t": 0, "b": 24},
        xaxis={"title": "Log odds", "range": [-reach, reach], "fixedrange": True, "zeroline": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def what_if(bundle: Bundle, given: Given, numbers: Numbers) -> None:
    """Draw a slider for each known number, to show the answer for other values."""
    numeric = [field for field in asked_of(bundle) if isinstance(field, NumberInput)]
    fields = [field for field in numeric if field.measure in given]
    if not fields or len(bundle.segments) == 1:
        return
    with st.expander("What if …?"):
        supposed = dict(given)
        for field in fields:
            value = float(given[field.measure])
            low, high = range_in_data(bundle, field.measure) or (field.minimum, field.maximum)
            values = slider_values(low, high, value)
            if len(values) == 1:  # no other value is possible
                continue
            supposed[field.measure] = st.select_slider(
                f"{field.label}, instead of {written(field.measure, value, numbers)}",
                values,
                value,
                format_func=partial(_as_written, field.measure, numbers),
                key=f"what_if_{field.measure}_{value}",
            )
        found = answers(bundle, supposed)
        name = bundle.segments[int(found.places[0])].name
        st.markdown(f"Then: **{name}**, {probability(float(found.confidence[0]))} probable.")


def slider_values(minimum: float, maximum: float, value: float) -> list[float]:
    """Return a slider's values: numbers of two significant digits and the current value.

    From a tenth to ten times the value; beyond that it would be another customer. If the input may
    be negative, the range is symmetric around zero.
    """
    furthest = max(abs(value) * 10, max(minimum, 0) + 10)
    low = max(minimum, value / 10 if minimum >= 0 else -furthest)
    high = min(maximum, furthest)
    digits = math.floor(math.log10(max(abs(low), abs(high), 1))) - 1
    sizes = [10.0**size for size in range(max(digits, 0) + 1)]
    found = {place * size for size in sizes for place in range(-99, 100)} | {value}
    return sorted(one + 0.0 for one in found if low <= one <= high or one == value)


def _as_written(measure: str, numbers: Numbers, value: float) -> str:
    return written(measure, value, numbers)


def _ask_next(bundle: Bundle, given: Given) -> None:
    questions = next_question(bundle, given)
    if questions and questions[0].gain >= MIN_GAIN:
        st.info(
            f"Ask next: **{questions[0].label}**. It would reduce the uncertainty most.",
            icon=":material/help:",
        )


def _changes(bundle: Bundle, given: Given) -> None:
    changes = smallest_change(bundle, given)
    if changes:
        st.subheader("What would change the answer", anchor=False)
        st.markdown("\n".join(f"- {change.sentence}" for change in changes[:MAX_CHANGES]))
