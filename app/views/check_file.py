"""Page for analysts: check a sample of a bank's file before it is delivered."""

import streamlit as st

from app.panels import trial, trial_tables
from app.state.access import permitted
from app.widgets import page
from app.widgets.tables import show_table
from bankseg_assets.access.roles import Action
from bankseg_assets.onboarding.draft import AnswerError
from bankseg_assets.onboarding.sample import SampleError
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.runtime.settings import load_settings

PROPOSED, IN_USE = "The proposed contract", "The contract in use"

page.begin_with_data(
    "Check a file",
    "Can the platform read this file, and which contract does it need? Upload a sample: it is "
    "checked and deleted, and nothing is published.",
)
upload = st.file_uploader(
    f"A sample with its header, up to {trial.MAX_MEGABYTES} MB",
    type=trial.KINDS,
    max_upload_size=trial.MAX_MEGABYTES,
    key="sample",
)
if upload is None:
    st.caption(
        "Values are masked: 9 for every digit, A and a for letters. On the command line: "
        "`bankseg contract suggest FILE` and `bankseg contract check FILE`."
    )
    st.stop()

# An answer may lead to another question: all questions about this file keep their selectors.
if st.session_state.get("trial_of") != upload.file_id:
    st.session_state.trial_of, st.session_state.trial_asked = upload.file_id, {}
    st.session_state.pop("trial_report", None)
asked = st.session_state.trial_asked
given = {key: st.session_state.get(f"answer_{upload.file_id}_{key}") for key in asked}
try:
    found = trial.proposed(upload, {key: text for key, text in given.items() if text})
except (SampleError, AnswerError) as error:
    st.error(escaped(str(error)), icon=":material/error:")
    if not isinstance(error, AnswerError):
        st.stop()
    found = trial.proposed(upload, {})
for question in found.questions:
    asked.setdefault(question.key, question)

if asked:
    st.subheader("Open questions", anchor=False)
    for key, question in asked.items():
        st.selectbox(
            f"{key}: {escaped(question.why)}",
            question.options,
            index=None,
            accept_new_options=question.is_free,
            placeholder="Open",
            key=f"answer_{upload.file_id}_{key}",
        )
st.subheader("The proposed contract", anchor=False)
if found.is_complete:
    st.success("Every setting is known.", icon=":material/check_circle:")
else:
    left = len(found.questions)
    st.warning(
        f"{left} {'question is' if left == 1 else 'questions are'} open. The contract can be "
        "used once every question is answered.",
        icon=":material/help:",
    )
with st.expander("Evidence in the file"):
    show_table(trial_tables.settings(found), alt="Settings and their evidence in the file")
with st.expander("The contract as text"):
    st.code(found.text, language="toml")
st.download_button(
    "The contract (TOML)",
    found.text,
    file_name="contract.toml",
    mime="application/toml",
    icon=":material/download:",
    key="contract",
    on_click="ignore",
)

st.subheader("Result of a trial run", anchor=False)
contracts = {PROPOSED: found.text} if found.is_complete else {}
path = load_settings().contract
if path.is_file():
    contracts[IN_USE] = path.read_text(encoding="utf-8", errors="replace")
if not contracts:
    st.info("Answer the questions above first.", icon=":material/help:")
    st.stop()
choice = st.radio(
    "Contract", list(contracts), horizontal=True, key=f"trial_contract_{PROPOSED in contracts}"
)
show_values = st.toggle("Show values unmasked", key="trial_values")
text = contracts[choice]
if st.button("Check the sample", key="trial_check", type="primary"):
    with st.spinner("The sample is ingested and cleaned in a temporary folder …"):
        try:
            with permitted(Action.CHECK_FILES):
                report = trial.checked(upload, text, show_values=show_values)
            st.session_state.trial_report = (choice, text, show_values, report)
        except trial.TrialError as error:
            st.session_state.pop("trial_report", None)
            st.error(escaped(str(error)), icon=":material/error:")
checked = st.session_state.get("trial_report")
if checked and checked[:-1] == (choice, text, show_values):
    report = checked[-1]
    if report["outcome"] != "accepted":
        st.error(f"The file would be {report['outcome']}: {escaped(report['detail'])}")
        st.stop()
    for box, (title, count) in zip(st.columns(4), trial_tables.counts(report).items(), strict=True):
        box.metric(title, f"{count:,}", border=True)
    st.caption(escaped(report["detail"]))
    if report["facts"]:
        st.caption(f"Of the accepted rows: {escaped('; '.join(report['facts']))}.")
    if report["reasons"]:
        show_table(trial_tables.reasons(report), alt="Reasons, and what to change in the contract")
    show_table(trial_tables.comparison(report), alt="Values as written and as read")
