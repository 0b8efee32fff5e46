"""Page for analysts: score an uploaded list of customers."""

from pathlib import Path

import pandas as pd
import streamlit as st

from app.panels import lists
from app.state import data, session
from app.widgets import page
from bankseg_assets.campaigns.customer_list import ID
from bankseg_assets.scoring.inputs import asked_of
from bankseg_assets.scoring.lists.column_matching import match_columns
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import campaign_name
from bankseg_assets.scoring.lists.score_table import CERTAINTY, ERROR, RESULTS, UNSURE_TEXT

bundle = page.begin(
    "Score a list",
    "Which segment is each of my customers in? Upload a list; every row is returned with its "
    "segment or an error.",
)
release, numbers = session.require_release(), session.numbers()
inputs = asked_of(bundle)
st.download_button(
    "Template with the columns (CSV)",
    lists.template(bundle),
    file_name="customers.csv",
    mime="text/csv",
    icon=":material/download:",
    key="template",
    on_click="ignore",
)
if bundle.direction_known:
    st.caption(
        "Count spending transactions and amounts only, without income such as salaries. A column "
        "of income is returned unchanged."
    )
upload = st.file_uploader("Your list", type=["csv", "csv.gz", "parquet"], key="list")
if upload is None:
    st.caption(
        "An empty cell means unknown, and makes the result less certain. Other columns are "
        "returned unchanged."
    )
    st.stop()

try:
    names = lists.column_names(upload)
except ListError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
try:
    matching = match_columns(names, inputs)
    matched, alike = matching.columns, matching.alike
except ListError as error:  # no column matches by name: the user may choose
    st.warning(str(error), icon=":material/warning:")
    matched, alike = {}, {}

st.subheader("Columns", anchor=False)
given: dict[str, str] = {}
with st.container(horizontal=True):
    for field in inputs:
        measure = field.measure
        found, guess = matched.get(measure) or "", alike.get(measure, "")
        given[measure] = st.selectbox(
            field.label + (f" (is it {guess}?)" if guess and not found else ""),
            ["", *names],
            index=["", *names].index(found),
            format_func=lambda name: name or "(not in my list)",
            key=f"column_{measure}",
            width=250,
        )
identity = st.selectbox(
    "Customer ID, to hold one in ten out of a campaign (optional)",
    ["", *names],
    index=["", *names].index(ID if ID in names else ""),
    format_func=lambda name: name or "(none)",
    key="identity",
)
columns = {measure: name for measure, name in given.items() if name}
if not columns:
    st.info("Choose at least one column: without any input, no segment can be predicted.")
    st.stop()

scorer = lists.scorer(bundle, columns, identity or "", campaign_name(""), data.actions())
choice = (upload.file_id, release.name, tuple(columns.items()), identity)
# The session keeps the result while rows are corrected; another list or choice replaces it.
if st.session_state.get("scored_for") != choice:
    for key in ("scored", "scored_for"):  # frees the memory of the previous list
        st.session_state.pop(key, None)
    bar = st.empty()
    try:
        st.session_state.scored = lists.score(
            upload,
            scorer,
            lambda rows: bar.markdown(f"Scoring … {numbers.number(rows)} rows are done."),
        )
    except ListError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    finally:
        bar.empty()
    st.session_state.scored_for = choice
result: pd.DataFrame = st.session_state.scored

faults = result[result[ERROR].notna()]
st.subheader("Result", anchor=False)
for box, (title, count) in zip(
    st.columns(3),
    (
        ("Rows", len(result)),
        ("Not sure", int((result[CERTAINTY] == UNSURE_TEXT).sum())),
        ("With errors", len(faults)),
    ),
    strict=True,
):
    box.metric(title, numbers.number(count), border=True)

if len(faults):
    st.markdown("Correct these rows here, or in your list:")
    who = [identity] if identity and identity not in columns.values() else []
    shown = faults.head(lists.MAX_SHOWN)[[*who, *columns.values(), ERROR]]
    shown = shown.astype(object).where(shown.notna(), "").astype(str)
    # A correction is sent with the next click. With a rerun of its own it is sent 150 ms late, and
    # a faster click would score the old value.
    edited: pd.DataFrame = st.data_editor(
        shown, disabled=[*who, ERROR], hide_index=True, key="faults", on_change="ignore"
    )
    if st.button("Score these rows again", key="again"):
        st.session_state.scored = lists.corrected(result, edited.drop(columns=who), scorer)
        st.rerun()

# A phone shows four columns: the ID and the results come first.
first = [name for name in (identity, *RESULTS) if name in result]
st.dataframe(
    result.head(lists.MAX_SHOWN),
    column_order=[*first, *(str(name) for name in result if name not in first)],
    hide_index=True,
    alt="The first rows of the result",
    key="rows",
)
if len(result) > lists.MAX_SHOWN:
    st.caption(
        f"The first {lists.MAX_SHOWN} rows; the download has all {numbers.number(len(result))}."
    )
st.download_button(
    "The whole list with its segments (CSV)",
    lambda: lists.to_csv_bytes(result),
    file_name=f"segments_{Path(upload.name).stem}.csv",
    mime="text/csv",
    icon=":material/download:",
    key="result",
    on_click="ignore",
)
