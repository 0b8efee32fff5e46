"""Who is left out of a campaign, so that its effect can be measured: chance, but the same again.

Without a group that chance has left out, nobody can say what a campaign has added to what would
have happened anyhow. A hash instead of a random number: a list that is written again, sorted, or
split must not change who was left out, and any other program can tell it too.
"""

import hashlib
from dataclasses import dataclass

_RANGE = 2**64


@dataclass(frozen=True)
class HoldOut:
    """The column with the customer's ID, what the chance is drawn for, and the share left out."""

    id_column: str
    campaign: str
    share: float = 0.1

    def holds(self, customer: str) -> bool:
        """Tell whether a customer is left out.

        The first 8 bytes of the SHA-256 of `<campaign>, line feed, <ID>`, as a fraction of 2^64,
        are below the share.

        >>> HoldOut("id", "spring", 0.0).holds("C1"), HoldOut("id", "spring", 1.0).holds("C1")
        (False, True)
        """
        digest = hashlib.sha256(f"{self.campaign}\n{customer}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.share * _RANGE
