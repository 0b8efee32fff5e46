"""Page for auditors: intended use, limits, fairness and lineage of the model."""

from functools import partial

import pandas as pd
import streamlit as st

from app.state import data, session
from app.widgets import page
from app.widgets.documents import readable
from app.widgets.glossary import GLOSSARY, GLOSSARY_OF_SPENDING
from app.widgets.measures import label
from app.widgets.tables import show_side_by_side, show_table
from app.widgets.words import words

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

bundle = page.begin(
    "About", "What are these segments, what may they be used for, and what are their limits?"
)
card = data.document("model_card")
direction_known = session.direction_known()
if not card:
    page.waiting("This version has no model card.", "Run the job `refresh`.")
else:
    page.report_buttons("Model card", data.report_page("model_card"), "model_card.html")
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
        generated = {one.generated_name or one.name: one.name for one in bundle.segments}
        fairness["segment"] = fairness["segment"].replace(generated)
        fairness["attribute"] = fairness["attribute"].str.capitalize()
        wide = fairness.pivot(index="segment", columns="attribute", values="distance")
        order = [one.name for one in bundle.segments if one.name in wide.index]
        wide = wide.reindex([*order, *wide.index.difference(order)])
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
show_table(
    pd.DataFrame(
        (GLOSSARY | (GLOSSARY_OF_SPENDING if direction_known else {})).items(),
        columns=["Word", "Meaning"],
    ),
    alt="Glossary",
)
