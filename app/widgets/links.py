"""Links to segments and groups, and links that lead nowhere."""

from collections.abc import Container
from urllib.parse import urlencode

import streamlit as st

from bankseg_assets.scoring.documents import Segment

SEGMENTS_PAGE, LISTS_PAGE = "views/segments.py", "views/campaign.py"
CAMPAIGNS_PAGE = "views/campaigns.py"
SEGMENT, WHO, CAMPAIGN = "segment", "who", "campaign"
"""Query parameters: the number of a segment on its page, a group or segment on that of lists, and
the ID of a campaign on that of campaigns."""
_PAGE, _LINK = "open_page", "link_of_page"

_OF_STREAMLIT = (
    "_stcore",
    "static",
    "media",
    "component",
    "vendor",
    "app",
    "auth",
    "oauth2callback",
)
"""First parts of paths that are not pages."""


def leads_nowhere(path: str, pages: Container[str]) -> bool:
    """Return whether the path of a URL is of no page: unknown, or below a page."""
    first, *more = path.strip("/").split("/")
    if first in _OF_STREAMLIT or {"_stcore", "static"} & {*more}:
        return False
    return bool(more) or not (first in pages or first == "" or "." in first)


def enter(page: str) -> None:
    """Note that a page is drawn, so that a link to it counts again after another page."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state.pop(_LINK, None)


def arrived_by(*keys: str) -> dict[str, str] | None:
    """Return the query parameters `keys` when a person arrives on a page; None afterwards.

    Arriving is opening the page, or following a link or the browser's back on it. Choices that are
    made on the page are not written to the URL: each would be an entry of the browser's history,
    and "back" would lead to the previous choice instead of the previous page.
    """
    found = {key: st.query_params.get(key, "") for key in keys}
    if st.session_state.get(_LINK) == found:
        return None
    st.session_state[_LINK] = found
    return found


def link_to_segment(segment: Segment, label: str = "") -> None:
    """Draw a link to a segment on the page of segments; `label`: its name unless given."""
    st.page_link(
        SEGMENTS_PAGE,
        label=label or f"**{segment.name}**",
        icon=":material/groups:",
        query_params={SEGMENT: str(segment.segment)},
    )


def segment_address(segment: Segment) -> str:
    """Return the link to a segment, for a table.

    >>> segment_address(Segment(segment=2, name="Savers"))
    'segments?segment=2'
    """
    return f"segments?{urlencode({SEGMENT: segment.segment})}"


def list_address(name: str) -> str:
    """Return the link to the list of a group or segment, for a table.

    >>> list_address("At risk")
    'campaign?who=At+risk'
    """
    return f"campaign?{urlencode({WHO: name})}"


def campaign_address(campaign_id: str) -> str:
    """Return the link to a campaign, for a table.

    >>> campaign_address("20161022-spring")
    'campaigns?campaign=20161022-spring'
    """
    return f"campaigns?{urlencode({CAMPAIGN: campaign_id})}"
