"""What a failed blocking check says: which files, what to do, and that nothing is made from it.

People read it in the run, in the asset's checks, in the sensor's tick, in alerts and in the app.
"""

from collections.abc import Iterable, Mapping

from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.landing.ledger import Ledger

MOST_NAMED = 3
REPORT = (
    "This is a fault of the platform, not of the file: the run stops here, and the release in use "
    "stays. Report it with the log of the run."
)


def file_names(ledger: Ledger) -> dict[str, str]:
    """Return delivery -> name and short SHA-256 of its file, as `bankseg deliveries` lists them."""
    return {
        one.sha256[:DELIVERY_DIGITS]: f"{one.file_name} ({one.short})"
        for one in ledger.deliveries()
    }


def listed(deliveries: Iterable[str], names: Mapping[str, str]) -> str:
    """Return the files of some deliveries, at most three by name.

    >>> listed(["a", "b"], {"a": "bank_01.csv (0a1b2c3d)"})
    'bank_01.csv (0a1b2c3d), b'
    >>> listed("abcde", {})
    'a, b, c and 2 more'
    """
    found = [names.get(one, one) for one in deliveries]
    more = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def platform_fault(found: Iterable[str], *, of_files: bool = False) -> str | None:
    """Return the description of a failed check; None if nothing was found.

    `found`: a sentence for each fault. `of_files`: whether a delivered file can be withdrawn.
    """
    sentences = list(found)
    if not sentences:
        return None
    advice = "To go on without a file, withdraw it with `bankseg withdraw`." if of_files else ""
    return " ".join(filter(None, [*sentences, REPORT, advice]))
