"""The segment of a customer in each release that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from bankseg_assets.lookup.customer import CUSTOMERS, Customer, find_customer
from bankseg_assets.release.releases import Release


@dataclass(frozen=True)
class PastSegment:
    """A customer in one release.

    `customer`: None if the release does not have the customer. `moved`: the segment differs from
    that of the previous release with the customer.
    """

    release: Release
    customer: Customer | None
    moved: bool = False


def history(releases: Sequence[Release], current: Release, customer_id: str) -> list[PastSegment]:
    """Return a customer in the releases up to the current one, oldest first.

    Releases with another customer key are left out, because the same ID is another customer there.
    So are repetitions of the same segments, as after a rollback. Raises LookupFailedError.
    """
    found: list[PastSegment] = []
    before: Customer | None = None
    version = ""
    for release in releases:
        if release.number > current.number or not _is_comparable(release, current):
            continue
        if release.versions[CUSTOMERS] == version:
            continue
        version = release.versions[CUSTOMERS]
        if not release.path(CUSTOMERS).is_dir():
            continue  # removed meanwhile
        customer = find_customer(release, customer_id)
        moved = bool(before and customer and before.segment_name != customer.segment_name)
        found.append(PastSegment(release, customer, moved))
        before = customer or before
    return found


def _is_comparable(release: Release, current: Release) -> bool:
    same_key = release.customer_key in ("", current.customer_key) or not current.customer_key
    return CUSTOMERS in release.versions and same_key and release.is_demo == current.is_demo
