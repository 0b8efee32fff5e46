"""Hold-out groups are random but reproducible."""

import hashlib

from bankseg_assets.scoring.lists.hold_out import HoldOut

CUSTOMERS = [f"C{number:07d}" for number in range(20_000)]


def held(hold_out: HoldOut) -> set[str]:
    return {customer for customer in CUSTOMERS if hold_out.holds(customer)}


def test_hold_out_has_given_share() -> None:
    """20,000 coins of 10 %: 2,000, give or take five standard deviations of 42."""
    assert abs(len(held(HoldOut("id", "spring"))) - 2_000) < 5 * 42
    assert held(HoldOut("id", "spring", 0.0)) == set()
    assert len(held(HoldOut("id", "spring", 1.0))) == 20_000


def test_campaigns_hold_out_different_customers() -> None:
    """A tenth of the previous group by chance: 200, give or take five deviations of 13."""
    both = held(HoldOut("id", "spring")) & held(HoldOut("id", "autumn"))
    assert abs(len(both) - 200) < 5 * 14


def test_larger_share_adds_to_smaller_one() -> None:
    assert held(HoldOut("id", "spring", 0.1)) < held(HoldOut("id", "spring", 0.2))


def test_hold_out_matches_documented_hash() -> None:
    digest = hashlib.sha256(b"spring\nC0000001").hexdigest()
    share = int(digest[:16], 16) / 2**64
    assert HoldOut("id", "spring", share + 1e-9).holds("C0000001")
    assert not HoldOut("id", "spring", share - 1e-9).holds("C0000001")
