"""Links to the Dagster UI, as the viewer's browser reaches it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st

from bankseg_assets.runtime.settings import Settings, load_settings

THIS_MACHINE = ("127.0.0.1", "localhost", "::1", "")


@dataclass(frozen=True)
class DagsterLinks:
    """Links in Markdown; without an address, the words alone."""

    address: str

    def run(self, run_id: str, word: str = "run") -> str:
        """Return a link to a run."""
        return self._link(f"{word} {run_id[:8]}", f"/runs/{run_id}")

    def page(self, title: str, path: str) -> str:
        """Return a link to a page of the UI, such as Runs."""
        return self._link(f"{title} in Dagster", path)

    def _link(self, words: str, path: str) -> str:
        return f"[{words}]({self.address}{path})" if self.address else words


def dagster_links() -> DagsterLinks:
    """Return the links for the viewer of the page that is drawn."""
    return links_for(load_settings(), st.context.url or "")


def links_for(settings: Settings, page: str) -> DagsterLinks:
    """Return the links for a viewer who reaches the app at the address `page`.

    Without the setting, the UI's address is that of this machine: through a proxy or from another
    machine it would lead to nothing, or to another program.
    """
    is_here = (urlsplit(page).hostname or "") in THIS_MACHINE
    return DagsterLinks(settings.dagster_address if settings.dagster_url or is_here else "")
