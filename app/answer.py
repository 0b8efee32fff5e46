"""The answer for one customer: which segment, how sure, and how the customer compares."""

import pandas as pd
import streamlit as st

from app.charts import probability_bars
from app.entry import Entered, within_ranges
from app.formatting import day, percent
from app.profiles import INDEX_NOTE, profile
from bankseg_assets.scoring import Bundle, score

SURE = 0.6  # below it, the name alone would say more than the model knows


def show_answer(bundle: Bundle, entered: Entered) -> None:
    """Score the customer and draw the answer.

    Raises InputError when a value cannot be scored.
    """
    measures = within_ranges(bundle.inputs, entered)
    chances = score(bundle, measures).probabilities[0]
    ranking = sorted(zip(chances, bundle.segments, strict=True), key=lambda pair: -pair[0])
    (chance, segment), (second_chance, second) = ranking[:2]

    st.markdown("Most likely segment" if chance >= SURE else "Not sure; the most likely segment is")
    st.header(segment["name"], anchor=False)
    st.markdown(verdict(chance, second["name"], second_chance))
    st.markdown(segment["sentence"])

    names = [candidate["name"] for _, candidate in ranking]
    shares = [float(probability) for probability, _ in ranking]
    st.plotly_chart(
        probability_bars(names, shares),
        config={"displayModeBar": False},
        alt="A bar for each segment's probability; the table below has the same numbers.",
    )
    st.caption("How probable each segment is for this customer.")
    st.table(
        pd.DataFrame({"Segment": names, "Probability": [percent(share) for share in shares]}),
        border="horizontal",
        alt="Probability of each segment",
    )

    st.subheader("Compared with the segment", anchor=False)
    st.table(
        profile(segment, bundle.currency, measures),
        border="horizontal",
        alt="The customer's values beside the segment's",
    )
    st.caption(INDEX_NOTE)
    st.caption(
        f"Answered by model {bundle.version}, from the snapshot of {day(bundle.snapshot_date)}."
    )


def verdict(chance: float, runner_up: str, second_chance: float) -> str:
    """Say how sure the model is."""
    if chance >= SURE:
        return f"**{percent(chance)}** probable. Next is {runner_up}, {percent(second_chance)}."
    return (
        f"Only **{percent(chance)}** probable; it may as well be **{runner_up}**, "
        f"{percent(second_chance)}. Treat the answer as a hint."
    )
