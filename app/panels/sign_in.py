"""What a person sees who is not logged in, or whose roles do not include a page."""

import streamlit as st

from app.state import access
from bankseg_assets.access.checks import refusal, require
from bankseg_assets.access.identity import LOGIN, Identity, unknown
from bankseg_assets.access.login import LoginError
from bankseg_assets.access.refusals import record_refusal
from bankseg_assets.access.roles import Action
from bankseg_assets.access.rules import access_rules
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.runtime.settings import SettingsError, load_settings

OUT = ":material/logout:"


def identified() -> Identity:
    """Return who uses the session; without access rules that can be read, stop the page."""
    try:
        return access.who()
    except SettingsError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        st.stop()
    except LoginError as error:
        st.warning(escaped(str(error)), icon=":material/lock_clock:")
        return unknown(access.credentials().peer)


def show_sign_in(identity: Identity, action: Action) -> None:
    """Draw the button that logs in, or where to log in.

    Without logins, a page that is opened without a name is a refusal, and recorded.
    """
    st.title("Log in", anchor=False)
    rules = access_rules(load_settings().access_rules)
    if rules is None or rules.login is None:
        record_refusal(load_settings().data_dir, identity, action)
        st.info(
            "The bank's proxy must say who you are, and it did not. Open the app at the address of "
            "the proxy, and log in there.",
            icon=":material/lock:",
        )
        return
    if access.LOGGED_IN not in st.user:
        st.error(
            "The login is not described yet. The administrator adds the section [auth] to "
            "`.streamlit/secrets.toml`; docs/how-to/roles.md has an example.",
            icon=":material/error:",
        )
        return
    st.markdown("The bank's login opens, and leads back to this app.")
    st.button("Log in", type="primary", icon=":material/login:", key="log_in", on_click=st.login)


def show_refusal(identity: Identity, action: Action) -> None:
    """Draw why a page is not shown, and record it."""
    try:
        require(identity, action, load_settings().data_dir)
    except PermissionError:
        st.title("This page is not for your role", anchor=False)
        st.warning(escaped(refusal(identity, action)), icon=":material/lock:")


def show_identity(identity: Identity) -> None:
    """Draw who is logged in, and a button that logs out; nothing without access rules."""
    if load_settings().access_rules is None:
        return
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        name = escaped(identity.actor.name)
        st.caption(f"Logged in as {name}. Roles: {identity.roles_text}.", width="content")
        if identity.actor.known_by == LOGIN:
            st.button("Log out", type="tertiary", icon=OUT, key="log_out", on_click=st.logout)
