"""What to do with each classic RFM group, and what such a campaign is called.

Nothing is sold: a group says how recently and how much its customers bought, not what they can
afford.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class GroupAction(NamedTuple):
    """The kind of campaign for a group, as in file names, and the action for its customers."""

    purpose: str
    action: str


GROUP_ACTIONS: Mapping[str, GroupAction] = MappingProxyType(
    {
        "Champions": GroupAction("reward", "Thank them, and ask for a referral"),
        "Loyal customers": GroupAction("reward", "Reward their loyalty"),
        "Cannot lose them": GroupAction("win-back", "Call to win them back"),
        "At risk": GroupAction("win-back", "Win them back with a personal offer"),
        "Potential loyalists": GroupAction("nurture", "Invite them to the loyalty programme"),
        "New customers": GroupAction("welcome", "Welcome them and show the app"),
        "Promising": GroupAction("nurture", "Reward the next transaction"),
        "Need attention": GroupAction("retention", "Remind them with an offer for a short time"),
        "About to sleep": GroupAction("retention", "Remind them with a small reward"),
        "Hibernating": GroupAction("reactivation", "Send a reminder by a channel of low cost"),
        "Lost": GroupAction("reactivation", "Send a last message, then leave them out"),
    }
)
"""Group -> action, the most valuable group first."""

WIN_BACK = "At risk"
"""The group that a win-back campaign usually addresses: valuable, and not seen recently."""
