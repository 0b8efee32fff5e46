"""Page for ML engineers: quality of the model, drift and k selection."""

import pandas as pd
import streamlit as st

from app.panels import comparison
from app.panels.drift import agreement, drift, drift_note
from app.panels.heat import confusion_heat
from app.panels.quality import (
    choices,
    completeness,
    confusion,
    metrics,
    reliability,
    reliability_table,
    sweep,
)
from app.panels.verdict import verdict
from app.state import data, session
from app.widgets import page
from app.widgets.tables import show_side_by_side, show_table
from app.widgets.theme import look
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT
from bankseg_assets.scoring.quality import was_held_out

TABS = (
    *("Model and checks", "Confusion", "Drift", "Calibration", "Missing inputs"),
    *("How many segments", "Other algorithms"),
)

bundle = page.begin("Quality", "How good is the model?")
release, numbers, evaluation = session.require_release(), session.numbers(), bundle.evaluation
kmeans = data.document("kmeans_model")
labels = {field.measure: field.label for field in bundle.inputs}
is_one = len(bundle.segments) == 1

found = verdict(bundle, release)
show, icon = {
    "green": (st.success, ":material/check_circle:"),
    "amber": (st.warning, ":material/warning:"),
    "red": (st.error, ":material/error:"),
}[found.level]
show(f"**{found.word}.** {found.reasons}", icon=icon)
st.caption(
    "All figures are measured on held-out customers, which no transform, PCA, clustering or "
    "classifier was fitted on, unless stated otherwise."
    if was_held_out(bundle)
    else "There are too few customers to hold some out: all figures are measured on the training "
    "customers, and are too optimistic."
)
of_model, of_confusion, of_drift, of_calibration, of_inputs, of_k, of_others = st.tabs(TABS)

with of_model:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("The classifier", anchor=False)
        if is_one:
            st.markdown(f"{ONE_SEGMENT} No answer can be wrong, so there is no quality to measure.")
        elif (measured := metrics(bundle.metrics)).empty:
            st.caption("No quality was measured: too few customers could be held out.")
        else:
            show_table(measured, alt="Measures of quality")
    with right:
        st.subheader("Checks before this version was released", anchor=False)
        checked = [{"Gate": gate.sentence, "Verdict": gate.verdict} for gate in release.gates]
        if checked:
            show_table(pd.DataFrame(checked), alt="Gates")
        else:
            st.caption("This version is older than the recording of these checks.")

with of_confusion:
    if is_one:
        st.markdown(ONE_SEGMENT)
    else:
        matrix = bundle.confusion.tolist()
        page.chart(
            confusion_heat(matrix, bundle.segments, numbers, look=look()),
            "Rows: the customers' true segment. Columns: the segment that the model predicts. "
            "Stronger colour: a larger share of the true segment; a perfect model has colour on "
            "the diagonal only.",
            confusion(matrix, bundle.segments, numbers),
            alt="Confusion matrix",
            key="confusion",
        )

with of_drift:
    known = bundle.direction_known
    shifts, stayed = drift(release, direction_known=known), agreement(release)
    if shifts.empty and not stayed:
        page.waiting(
            "There is nothing to compare with.",
            "This is the first version of the bank's own data, or of the demo data; the next one "
            "is compared with it.",
        )
    if not shifts.empty:
        show_table(shifts, alt="Drift of each measure")
        st.caption(drift_note(release, direction_known=known))
    if stayed:
        st.markdown(stayed)

with of_calibration:
    bins = evaluation.reliability
    if bins and not is_one:
        page.chart(
            reliability(bins),
            "On the diagonal, predicted probabilities equal the share of correct answers. Above "
            "it, the model is underconfident; below it, overconfident.",
            reliability_table(bins, numbers),
            alt="Confidence and accuracy in bins.",
            key="reliability",
        )
    else:
        st.caption("The calibration was not measured.")

with of_inputs:
    entries = [
        entry for entry in evaluation.completeness if not set(entry.known) & set(bundle.evidence)
    ]
    if entries and not is_one:
        st.caption("How good the answer is when only some inputs are known, best first.")
        show_table(completeness(entries, labels), alt="Quality by known inputs")
    else:
        st.caption("The accuracy with missing inputs was not measured.")

with of_k:
    tried = kmeans.get("sweep") or []
    if kmeans.get("reason"):
        st.markdown(kmeans["reason"])
        if kmeans.get("matching"):
            st.markdown(kmeans["matching"]["sentence"])
    if tried:
        first, second = st.columns(2)
        for column, measure, title in (
            (first, "inertia", "Inertia"),
            (second, "silhouette", "Silhouette"),
        ):
            with column:
                st.plotly_chart(
                    sweep(tried, measure, title, kmeans["k"], numbers),
                    config={"displayModeBar": False},
                    alt=f"{title} of every k; the table below has the numbers.",
                    key=measure,
                )
        st.caption(
            "Measured on training customers: elbow and silhouette, and a table of all metrics."
        )
        show_side_by_side(choices(tried, numbers), alt="Metrics of every k")
    elif not kmeans.get("reason"):
        st.caption("This version has no record of how the number of segments was chosen.")

with of_others:
    compared = comparison.newest_comparison(load_settings().published_dir)
    if compared is None:
        page.waiting(
            "No comparison has been made yet.",
            "The job `comparison` makes one every Sunday night. To have it now, start the job in "
            "Dagster; it takes a few minutes.",
        )
    else:
        st.markdown(compared.verdict)
        show_side_by_side(comparison.as_table(compared.rows), alt="Algorithms side by side")
        st.caption(
            f"{compared.provenance(release)} Fitted on training customers, measured on 20,000 "
            "held-out ones; stability is how similar the segments of resampled customers are."
        )
