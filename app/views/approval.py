"""Page for reviewers: the model that awaits approval, beside the one in use."""

import streamlit as st

from app.panels import approval
from app.panels.changes import EXPLAINED, KINDS, as_table, names_before, sankey, shown, with_names
from app.panels.drift import agreement, drift, drift_note
from app.panels.profiles import overview
from app.state import data
from app.widgets import page
from app.widgets.numbers import Numbers
from app.widgets.palette import INK, colours
from app.widgets.tables import show_table
from app.widgets.theme import look
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.candidates import ApprovalError, decisions, pending
from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import BundleError
from bankseg_assets.scoring.published_model import read_model

page.begin_with_data(
    "Approval",
    "Should the new model replace the one in use? A refresh of an approved model needs none.",
)
if done := st.session_state.pop(approval.DECIDED, None):
    st.success(done, icon=":material/check_circle:")
folder = load_settings().published_dir
try:
    candidate, decided = pending(folder), decisions(folder)
except ApprovalError as error:
    st.error(escaped(str(error)), icon=":material/error:")
    st.stop()
if decided:
    with st.expander("Earlier decisions"):
        show_table(approval.decided_table(decided), alt="Earlier decisions")
if candidate is None:
    page.nothing("No model awaits approval.")
    st.stop()
assert candidate is not None
in_use, new = current_release(folder), candidate.release
numbers = Numbers(new.currency, new.number_format)
try:
    model = read_model(new)
    before = read_model(in_use) if in_use else None
except BundleError as error:
    st.error(escaped(str(error)), icon=":material/error:")
    st.stop()
known = model.direction_known

st.markdown(approval.origin(candidate, in_use=in_use))
if new.note:
    st.warning(escaped(new.note), icon=":material/gpp_maybe:")
approval.decide(candidate)

st.subheader("Figures", anchor=False)
show_table(approval.figures(before, model, numbers), alt="Figures of both models")
left, right = st.columns(2, gap="large")
for place, title, bundle in ((left, approval.IN_USE, before), (right, approval.NEW, model)):
    with place:
        st.subheader(f"Segments: {title.lower()}", anchor=False)
        if bundle is None:
            st.caption("There is no model in use.")
        else:
            table = overview(bundle.segments, direction_known=bundle.direction_known)
            show_table(table, alt=f"Segments of the model: {title.lower()}")

st.subheader("Who moves", anchor=False)
flows = data.table("segment_migration", new)
if flows.empty:
    st.caption("There is no earlier version to compare customers with.")
else:
    kind = st.segmented_control(
        "Cause of the change",
        list(KINDS),
        format_func=lambda name: KINDS[name],
        default="model",
        required=True,
        key="approval_moved",
        wrap=True,
    )
    named = with_names(flows, names_before(in_use), model.segment_names)
    found = shown(named, kind or "model")
    if found.empty:
        st.caption("Every group that moves has fewer than 11 customers, and is not shown.")
    else:
        page.chart(
            sankey(found, colours(model.segments), numbers, INK[look()]),
            f"{EXPLAINED[kind or 'model']} Flows of fewer than 11 customers are not shown, others "
            "are rounded to the nearest ten.",
            as_table(found, numbers, direction_known=known),
            alt="Customers by segment of the model in use and of the new one.",
            key="approval_sankey",
        )

st.subheader("Drift since the release in use", anchor=False)
shifts, stayed = drift(new, direction_known=known), agreement(new)
if stayed:
    st.markdown(stayed)
if shifts.empty:
    st.caption("There is nothing to compare with.")
else:
    show_table(shifts, alt="Drift of each measure")
    st.caption(drift_note(new, direction_known=known))
st.subheader("Checks", anchor=False)
show_table(approval.gates(new), alt="Checks of the candidate")
