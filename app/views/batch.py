"""Page for analysts: score an uploaded list of customers."""

import streamlit as st

from app.panels import list_errors, list_result, list_settings, list_upload, lists
from app.state import data, session
from app.widgets import page
from app.widgets.links import segment_address
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.privacy.objections import newest_file
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.scored_list import ScoredList, score_plan

bundle = page.begin(
    "Score a list",
    "Which segment is each of my customers in? Upload a list; every row is returned with its "
    "segment or an error.",
)
release, numbers = session.require_release(), session.numbers()
contract = lists.contract()
if bundle.direction_known:
    st.caption(
        "Count spending transactions and amounts only, without income such as salaries. A column "
        "of income is returned unchanged."
    )
kept = list_upload.ask(bundle, contract)
if kept is None:
    st.caption(
        "An empty cell means unknown, and makes the result less certain. Other columns are "
        "returned unchanged."
    )
    st.stop()
assert kept is not None
# Above the settings, which fill a screen: what a person came for.
above = st.container()
try:
    chosen = list_settings.ask(kept, bundle, contract, numbers)
except ListError as error:
    st.error(escaped(str(error)), icon=":material/error:")
    st.stop()
if not chosen.columns:
    st.info("Choose at least one column: without any input, no segment can be predicted.")
    st.stop()

# The session keeps the result; another list or setting replaces it.
key = (
    *(kept.token, release.name, chosen.plan.dialect, tuple(chosen.columns.items())),
    *(chosen.identity, chosen.campaign, *bundle.segment_names.values()),
    newest_file(release.folder),
)


corrections = lists.corrections(kept, chosen.plan.dialect)


def scored(kept: lists.KeptList = kept) -> ScoredList:
    """Score the list, and the rows that were corrected before."""
    bar = st.empty()
    scorer = chosen.plan.scorer(
        bundle, data.actions(), chosen.columns, chosen.hold_out(), release.folder
    )
    with kept.opened(chosen.plan) as plan:
        found = score_plan(
            plan,
            scorer,
            lambda rows: bar.markdown(f"Scoring … {numbers.number(rows)} rows are done."),
        )
    bar.empty()
    return found.corrected(corrections)


try:
    result = lists.once("result", key, scored)
except ListError as error:
    st.error(escaped(str(error)), icon=":material/error:")
    st.stop()

summary = result.summary
with above:
    st.markdown(list_result.outcome(summary, numbers))
    list_result.show_downloads(result, chosen, kept.name)
st.subheader("Result", anchor=False)
list_result.show_counts(summary, numbers)
advice = {one.name: data.actions().get(one.segment, "") for one in bundle.segments}
links = {one.name: segment_address(one) for one in bundle.segments}
list_result.show_segments(summary, {k: v for k, v in advice.items() if v}, links, numbers)
if result.failed:
    typed = list_errors.correct(result, chosen.identity, numbers)
    if typed is not None:
        for row, cells in typed.items():
            corrections[row] = {**corrections.get(row, {}), **cells}
        lists.replace_result("result", key, result.corrected(typed))
        st.rerun()
list_result.show_rows(result, chosen.identity, numbers)
