"""For ML engineers: can I trust it?"""

import pandas as pd
import streamlit as st

from app import data, page, session
from app.quality import choices, completeness, confusion, metrics, reliability, sweep

bundle = page.begin(
    "Quality",
    "Can I trust it? Everything here is measured on customers whom no transform, PCA, clustering "
    "or classifier has seen, unless it says otherwise.",
)
evaluation = bundle.evaluation
kmeans = data.document("kmeans_model")
names = [segment["name"] for segment in bundle.segments]
labels = {field["measure"]: field["label"] for field in bundle.inputs}

left, right = st.columns(2, gap="large")
with left:
    st.subheader("The classifier", anchor=False)
    st.table(metrics(bundle.metrics), border="horizontal", alt="Measures of quality")
with right:
    st.subheader("The gates that this version passed", anchor=False)
    gates = session.require_release().gates
    told = [{"Gate": gate["sentence"], "Verdict": gate["verdict"]} for gate in gates]
    if told:
        st.table(pd.DataFrame(told), border="horizontal", alt="Gates")
    else:
        st.caption("This version was made before gates were recorded with it.")

st.subheader("Who is taken for whom", anchor=False)
st.table(confusion(bundle.confusion.tolist(), names), border="horizontal", alt="Confusion matrix")

bins = evaluation.get("reliability")
if bins:
    st.subheader("Are the probabilities honest?", anchor=False)
    page.chart(
        reliability(bins),
        "On the diagonal the model is right as often as it says. Above it, it is too modest.",
        pd.DataFrame(bins),
        alt="Confidence and accuracy in bins.",
        key="reliability",
    )

st.subheader("How good is half a form?", anchor=False)
st.table(
    completeness(
        [
            e
            for e in evaluation.get("completeness", [])
            if not set(e["known"]) & set(bundle.evidence)
        ],
        labels,
    ),
    border="horizontal",
    alt="Quality by what is known",
)

if kmeans.get("sweep"):
    st.subheader("How many segments?", anchor=False)
    st.markdown(kmeans["reason"])
    if kmeans.get("matching"):
        st.markdown(kmeans["matching"]["sentence"])
    first, second = st.columns(2)
    for column, measure, title in (
        (first, "inertia", "Inertia"),
        (second, "silhouette", "Silhouette"),
    ):
        with column:
            st.plotly_chart(
                sweep(kmeans["sweep"], measure, title, kmeans["k"]),
                config={"displayModeBar": False},
                alt=f"{title} of every k; the table below has the numbers.",
                key=measure,
            )
    st.caption("Training customers. Elbow and silhouette; the whole table:")
    st.table(choices(kmeans["sweep"]), border="horizontal", alt="Every k that was tried")
