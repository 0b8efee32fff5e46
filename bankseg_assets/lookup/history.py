"""The segment of a customer in each release that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from bankseg_assets.lookup.customer import CUSTOMERS, Customer, LookupFailedError, find_customer
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.published_model import segments_of


@dataclass(frozen=True)
class PastSegment:
    """A customer in one release.

    `customer`: None if the release does not have the customer. `name`: of the segment, as the bank
    calls it now. `moved`: the segment differs from that of the previous release with the customer.
    """

    release: Release
    customer: Customer | None
    name: str = ""
    moved: bool = False


def history(releases: Sequence[Release], current: Release, customer: Customer) -> list[PastSegment]:
    """Return a customer of the current release in those up to it, oldest first.

    Releases with another customer key are left out, because the same ID is another customer there.
    So are repetitions of the same segments, as after a rollback, and releases that cannot be read.
    """
    found: list[PastSegment] = []
    before: Segment | None = None
    version = ""
    for release in releases:
        if release.number > current.number or not _is_comparable(release, current):
            continue
        if release.versions[CUSTOMERS] == version:
            continue
        version = release.versions[CUSTOMERS]
        try:
            is_known = version == current.versions[CUSTOMERS]
            then = customer if is_known else find_customer(release, customer.customer_id)
        except LookupFailedError:
            continue  # damaged, or removed meanwhile: the present segment is known anyway
        segment = _segment(release, then) if then else None
        moved = bool(before and segment and not _same(before, segment))
        found.append(PastSegment(release, then, segment.name if segment else "", moved))
        before = segment or before
    return found


def _segment(release: Release, customer: Customer) -> Segment:
    recorded = Segment(segment=customer.segment, name=customer.segment_name)
    return segments_of(release).get(customer.segment, recorded)


def _same(one: Segment, other: Segment) -> bool:
    """Return whether they are one segment: by the permanent ID, which older releases lack."""
    if one.id is None or other.id is None:
        return one.name == other.name
    return one.id == other.id


def _is_comparable(release: Release, current: Release) -> bool:
    same_key = release.customer_key in ("", current.customer_key) or not current.customer_key
    return CUSTOMERS in release.versions and same_key and release.is_demo == current.is_demo
