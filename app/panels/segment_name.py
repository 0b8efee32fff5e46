"""The form that renames a segment for the bank."""

import streamlit as st

from app.state.access import may, permitted
from bankseg_assets.access.checks import RefusedError
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.group_actions import GROUP_ACTIONS
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.privacy.audit import Event, note
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.segment_names import MAX_CHARACTERS, SegmentNameError, rename


def show_rename(bundle: Bundle, segment: Segment) -> None:
    """Draw the form; nothing for a segment without a permanent id, or if it is not allowed."""
    if segment.id is None or not may(Action.RENAME):
        return
    generated = segment.generated_name
    with (
        st.form(f"rename_{segment.segment}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            "Name of this segment in the bank",
            "" if generated is None else segment.name,
            placeholder=generated or segment.name,
            max_chars=MAX_CHARACTERS,
            key=f"name_of_{segment.segment}",
            help="It is kept in every new version, and used on all pages, in lists and by the "
            "API. Leave it empty for the platform's name.",
        )
        is_sent = st.form_submit_button("Rename", icon=":material/edit:")
    if generated is not None:
        st.caption(f"The platform's name is {escaped(generated)}.")
    if not is_sent:
        return
    settings = load_settings()
    try:
        with permitted(Action.RENAME):
            after = rename(settings.published_dir, bundle, segment, name, tuple(GROUP_ACTIONS))
            note(settings.audit_dir, Event("rename", on=f"segment {segment.id}", result=after))
    except (SegmentNameError, RefusedError) as error:
        st.error(escaped(str(error)), icon=":material/error:")
    else:
        st.rerun()
