"""Select a random but reproducible control group of a campaign, to measure its effect.

Without a random control group, the effect of a campaign cannot be separated from what would have
happened anyway. A hash replaces the random number: rewriting, sorting or splitting a list does not
change the group, and any other program can compute it.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_RANGE = 2**64
SHARE = 0.1
"""The share held out unless a user chooses another."""
UNNAMED = "campaign"
"""The name of every campaign that has none, in app, API and command line."""


def campaign_name(text: str) -> str:
    """Return a campaign's name as its control group is drawn by: without stray spaces.

    It never depends on release or model: a campaign that runs over a release keeps its control
    group.

    >>> campaign_name("  Spring  2027 "), campaign_name("")
    ('Spring 2027', 'campaign')
    """
    return " ".join(unicodedata.normalize("NFC", text).split()) or UNNAMED


@dataclass(frozen=True)
class HoldOut:
    """The customer ID column, the campaign, and the share of customers to hold out."""

    id_column: str
    campaign: str
    share: float = SHARE

    def holds(self, customer: str) -> bool:
        """Return whether a customer is held out.

        The first 8 bytes of the SHA-256 of `<campaign>, line feed, <ID>`, as a fraction of 2^64,
        are below the share.

        >>> HoldOut("id", "spring", 0.0).holds("C1"), HoldOut("id", "spring", 1.0).holds("C1")
        (False, True)
        """
        return self.which([customer])[0]

    def which(self, customers: Iterable[str]) -> list[bool]:
        """Return `holds` of each of many customers: a microsecond each."""
        sha256, before, limit = hashlib.sha256, f"{self.campaign}\n".encode(), self.share * _RANGE
        return [
            int.from_bytes(sha256(before + customer.encode()).digest()[:8], "big") < limit
            for customer in customers
        ]
