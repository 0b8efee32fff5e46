"""The health of the platform: a row per fact, with its colour and the next step."""

import streamlit as st

from bankseg_assets.monitoring.finding import Finding, Level
from bankseg_assets.monitoring.health import Health, health
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.runtime.settings import Settings

POLL_SECONDS = 10
BADGES: dict[Level, tuple[str, str, str]] = {
    "green": ("Fine", ":material/check_circle:", "green"),
    "amber": ("Check", ":material/warning:", "orange"),
    "red": ("Act", ":material/error:", "red"),
}
"""Level -> word, icon and colour: never the colour alone."""


@st.fragment(run_every=POLL_SECONDS)
def show_health(settings: Settings) -> None:
    """Draw the health; it is renewed while the page is open."""
    found = _health(settings)
    st.subheader(headline(found), anchor=False)
    for one in found.worst_first:
        _show(one)
    st.caption(
        "`./bankseg status` prints the same, and has an exit code for monitoring. Alerts by "
        "webhook or mail say when something happens."
    )


def headline(found: Health) -> str:
    """Return how many facts need attention."""
    red, amber = (sum(one.level == level for one in found.findings) for level in ("red", "amber"))
    if not red and not amber:
        return "Everything works"
    parts = [f"{red} to act on"] if red else []
    parts += [f"{amber} to check"] if amber else []
    return f"{', '.join(parts)}, {len(found.findings) - red - amber} fine"


def _show(one: Finding) -> None:
    with st.container(border=one.level != "green", key=f"health_{one.topic}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            word, icon, colour = BADGES[one.level]
            st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
            st.markdown(f"**{one.topic}.** {escaped(one.fact)}")
        if one.next_step:
            st.markdown(f"What to do: {one.next_step}")


@st.cache_data(ttl=POLL_SECONDS / 2, show_spinner=False)
def _health(settings: Settings) -> Health:
    return health(settings)
