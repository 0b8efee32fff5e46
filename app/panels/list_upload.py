"""Where a list comes from: an upload, or an invented example."""

import streamlit as st

from app.panels import lists
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.files import printable
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.detection import contract_dialect
from bankseg_assets.scoring.lists.example import example_list

EXAMPLE = "example.csv"


def ask(bundle: Bundle, contract: DeliveryContract) -> lists.KeptList | None:
    """Draw the upload and return the session's list, if there is one."""
    st.file_uploader(
        "Your list: CSV, Excel (.xlsx) or Parquet",
        key="list",
        on_change=_keep_upload,
        max_upload_size=200,
    )
    with st.container(horizontal=True):
        st.download_button(
            "Template with the columns (CSV)",
            lists.template(bundle),
            file_name="customers.csv",
            mime="text/csv",
            icon=":material/download:",
            key="template",
            on_click="ignore",
        )
        if st.button(
            "Try with a sample",
            key="example",
            icon=":material/science:",
            help="An invented list, made from the ranges of the inputs: no real customer is in it.",
        ):
            lists.keep(EXAMPLE, example_list(bundle, contract_dialect(contract)))
    found = lists.kept()
    if found is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        name = escaped(printable(found.name))
        st.markdown(f":material/description: **{name}** is kept until you close the app.")
        if st.button("Remove it", key="forget_list", type="tertiary", icon=":material/close:"):
            lists.forget()
            st.rerun()
    if found.name == EXAMPLE:
        st.caption(
            "These customers are invented. One row has a typing error and some lack a value, to "
            "show how both are reported."
        )
    return found


def _keep_upload() -> None:
    """Keep an upload beyond this page; runs only when the user adds or removes a file."""
    upload = st.session_state.get("list")
    if upload is None:
        lists.forget()
    else:
        lists.keep(upload.name, upload.getvalue())
