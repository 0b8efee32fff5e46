"""Page for auditors: intended use, limits, fairness and lineage of the model."""

from functools import partial

import pandas as pd
import streamlit as st

from app.state import data, session
from app.widgets import page
from app.widgets.documents import readable
from app.widgets.measures import label
from app.widgets.tables import show_side_by_side, show_table
from app.widgets.words import words

GLOSSARY = {
    "Segment": "A group of similar customers, found by k-means; every customer is in one segment.",
    "Recency": "Days from a customer's last transaction to the snapshot.",
    "Frequency": "Number of transactions in the data window.",
    "Monetary": "Sum of the amounts in the data window.",
    "Snapshot": "The day after the newest transaction; recency is counted to this day.",
    "Index": "A segment's mean, where 100 is the mean of all customers.",
    "Held out": "Customers who are not used for training, so that the model can be tested on them.",
    "F1": "Combines precision and recall; 1 if every customer gets the correct segment.",
    "Silhouette": "How much closer customers are to their own segment than to the next; at most 1.",
    "Calibration error": "How far predicted probabilities are from the share of correct answers.",
    "Posterior": "The probability of each segment, given what is known of a customer.",
}

DATA_LABELS = {
    "identity_conflict_share_of_repeat": "Share of repeat customers whose rows have different "
    "birth dates or genders",
    "customer_key": "Customer key (identifies a customer)",
    "is_demo_data": "Demo data",
    "direction_known": "Spending and income are separated",
}

TRANSFORMS = {
    "identity": "none",
    "cap": "capped",
    "log_offset": "logarithm with an offset",
    "signed_log": "logarithm of the absolute value, with the sign",
}

GLOSSARY_OF_SPENDING = {
    "Recency": "Days from a customer's last spending transaction to the snapshot.",
    "Frequency": "Number of spending transactions in the data window.",
    "Monetary": "Sum of the spending in the data window.",
    "Income": "Sum of incoming amounts, such as salaries, in the data window. It is not a feature.",
}
"""Glossary entries that apply if the direction of amounts is known."""

page.begin(
    "About", "What are these segments, what may they be used for, and what are their limits?"
)
card = data.document("model_card")
direction_known = session.direction_known()
if not card:
    page.waiting("This version has no model card.", "Run the job `refresh`.")
else:
    page.report_button("Model card (HTML)", data.report_page("model_card"), "model_card.html")
    for title, texts in (
        ("Intended use", card["use"]["intended"]),
        ("Not intended for", card["use"]["not_intended"]),
        ("Limits", card["limits"]),
    ):
        st.subheader(title, anchor=False)
        st.markdown("\n".join(f"- {text}" for text in texts))
    st.subheader("Data", anchor=False)
    show_table(
        readable(card["data"], DATA_LABELS, session.numbers()), alt="The data behind the model"
    )
    st.subheader("Features", anchor=False)
    st.markdown(
        f"{card.get('features_why', '')} Age, gender and place are never features of the segments."
    )
    features = pd.DataFrame(card["features"])[["name", "measure", "transform", "why"]]
    features = features.assign(
        name=features["name"].map(words),
        measure=features["measure"].map(partial(label, direction_known=direction_known)),
        transform=features["transform"].map(TRANSFORMS.get).fillna(features["transform"]),
    )
    features.columns = ["Feature", "Measure", "Transform", "Why"]
    show_side_by_side(features, alt="Features")
    st.subheader("Fairness", anchor=False)
    fairness = pd.DataFrame(card["fairness"])
    if fairness.empty:
        st.caption("Age, gender and place are not in the data, or known for too few customers.")
    else:
        st.caption(
            "How many of 100 members would need another age, gender or place for the segment to "
            "match all customers."
        )
        fairness["attribute"] = fairness["attribute"].str.capitalize()
        wide = fairness.pivot(index="segment", columns="attribute", values="distance")
        wide.index.name = "Segment"
        show_table(
            (100 * wide).map(lambda value: "–" if pd.isna(value) else f"{value:.0f}"),  # noqa: RUF001
            alt="Fairness",
        )
    st.caption(f"Model {card['model']['version']}, SHA-256 {card['model']['sha256']}.")

st.subheader("Lineage", anchor=False)
st.markdown(
    "Transactions → cleaned → one row per customer → features and components → k-means segments → "
    "naive Bayes. Every step is an asset in the Dagster UI, with its checks and its lineage."
)
st.subheader("Glossary", anchor=False)
for word, meaning in (GLOSSARY | (GLOSSARY_OF_SPENDING if direction_known else {})).items():
    st.markdown(f"**{word}.** {meaning}")
