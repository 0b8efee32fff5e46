"""Select a random but reproducible control group of a campaign, to measure its effect.

Without a random control group, the effect of a campaign cannot be separated from what would have
happened anyway. A hash replaces the random number: rewriting, sorting or splitting a list does not
change the group, and any other program can compute it.
"""

import hashlib
from dataclasses import dataclass

_RANGE = 2**64


@dataclass(frozen=True)
class HoldOut:
    """The customer ID column, the campaign, and the share of customers to hold out."""

    id_column: str
    campaign: str
    share: float = 0.1

    def holds(self, customer: str) -> bool:
        """Return whether a customer is held out.

        The first 8 bytes of the SHA-256 of `<campaign>, line feed, <ID>`, as a fraction of 2^64,
        are below the share.

        >>> HoldOut("id", "spring", 0.0).holds("C1"), HoldOut("id", "spring", 1.0).holds("C1")
        (False, True)
        """
        digest = hashlib.sha256(f"{self.campaign}\n{customer}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.share * _RANGE
