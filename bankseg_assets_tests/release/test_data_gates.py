"""New data may not silently lose customers, transactions, or most of a file."""

from collections.abc import Mapping, Sequence

import pytest

from bankseg_assets.cleaning.row_counts import Account
from bankseg_assets.release.data_gates import (
    CUSTOMERS,
    FILES,
    ROWS,
    NewDelivery,
    Retained,
    data_gates,
)
from bankseg_assets.release.gates import Gate, Limits, Verdict

AGAIN = NewDelivery(
    "again.csv", "b" * 64, Account(60_036, 0, 57_036, 3_000, {"conflicting_duplicate": 57_036})
)
GOOD = NewDelivery("good.csv", "a" * 64, Account(1_000, 995, 5, 0, {"invalid_amount": 5}))
REASONS = {"conflicting_duplicate": 114_072}


def gates_by_name(
    customers: Retained | None = None,
    rows: Retained | None = None,
    arrived: Sequence[NewDelivery] = (),
    reasons: Mapping[str, int] = REASONS,
) -> dict[str, Gate]:
    found = data_gates(customers, rows, arrived, reasons, Limits())
    return {gate.name: gate for gate in found}


def test_first_release_has_no_losses() -> None:
    """The first release loses nothing."""
    assert {gate.verdict for gate in gates_by_name().values()} == {Verdict.PASSED}


def test_same_rows_with_other_amounts_are_refused() -> None:
    """95 % of the amounts changed by 0.01: both versions of 57,036 rows are quarantined."""
    found = gates_by_name(Retained(5_175, 4_026), Retained(60_036, 57_036), [AGAIN])
    assert {gate.verdict for gate in found.values()} == {Verdict.REFUSED}
    assert found[CUSTOMERS].sentence == (
        "4,026 of the 5,175 customers in use (77.8%) are not in the new data. Quarantined since: "
        "conflicting_duplicate (114,072)."
    )
    assert "57,036 of the 60,036 transactions in use (95.0%)" in found[ROWS].sentence
    assert found[FILES].sentence == (
        "Quarantined: 57,036 of the 60,036 rows of again.csv (bbbbbbbb), 95.0%, as "
        "conflicting_duplicate (57,036)."
    )
    for gate in found.values():
        assert "`bankseg deliveries`" in gate.advice
        assert "`bankseg withdraw bbbbbbbb` withdraws again.csv" in gate.advice
        assert "make materialize FORCE=1" in gate.advice


@pytest.mark.parametrize(
    ("lost", "verdict"),
    [(0, Verdict.PASSED), (99, Verdict.PASSED), (100, Verdict.WARNED), (999, Verdict.WARNED),
     (1_000, Verdict.REFUSED), (10_000, Verdict.REFUSED)],
)  # fmt: skip
def test_loss_warns_from_1_and_refuses_from_10_per_cent(lost: int, verdict: Verdict) -> None:
    """Of 10,000 in use."""
    found = gates_by_name(Retained(10_000, lost), Retained(10_000, lost))
    assert (found[CUSTOMERS].verdict, found[ROWS].verdict) == (verdict, verdict)


def test_loss_without_new_file_points_to_contract() -> None:
    """There is no new file that could be withdrawn."""
    assert "check the changes in the contract" in gates_by_name(Retained(100, 50))[CUSTOMERS].advice


def test_few_lost_customers_are_not_counted() -> None:
    """Three of twenty are lost: refused without showing count or share."""
    gate = gates_by_name(Retained(20, 3))[CUSTOMERS]
    assert gate.verdict is Verdict.REFUSED
    assert gate.sentence.startswith("<11 of the 20 customers in use are not in the new data.")
    assert not {"lost", "share"} & gate.numbers.keys()


def test_customers_of_another_key_are_not_counted() -> None:
    """The gate warns with the reason."""
    gate = gates_by_name(Retained(20, None, "Another key."))[CUSTOMERS]
    assert gate.verdict is Verdict.WARNED
    assert gate.sentence == "Lost customers are not counted. Another key."


def test_share_is_distinguishable_from_limit() -> None:
    """9.996 % are not "10.0 %", which would be refused."""
    gate = gates_by_name(Retained(100_000, 9_996))[CUSTOMERS]
    assert gate.verdict is Verdict.WARNED
    assert "(9.996%)" in gate.sentence


@pytest.mark.parametrize(
    ("quarantined", "verdict"),
    [(9, Verdict.PASSED), (10, Verdict.WARNED), (99, Verdict.WARNED), (100, Verdict.REFUSED)],
)
def test_quarantine_of_file_warns_and_refuses(quarantined: int, verdict: Verdict) -> None:
    """Of 1,000 rows; the worst file decides, regardless of the number of good ones."""
    account = Account(1_000, 1_000 - quarantined, quarantined, 0, {"why": quarantined})
    found = gates_by_name(arrived=[GOOD, NewDelivery("bad.csv", "c" * 64, account), GOOD])[FILES]
    assert found.verdict is verdict
    if verdict is Verdict.REFUSED:
        assert "withdraw cccccccc" in found.advice


def test_broken_rows_of_small_file_warn() -> None:
    """One invalid row of three in a file of corrections does not block a release."""
    small = NewDelivery("corrections.csv", "c" * 64, Account(3, 2, 1, 0, {"invalid_amount": 1}))
    assert gates_by_name(arrived=[small])[FILES].verdict is Verdict.WARNED


def test_rows_that_later_file_replaced_are_not_broken() -> None:
    """Two exports of the same month, of which the later one wins."""
    reasons = {"corrected": 900, "invalid_amount": 20}
    monday = NewDelivery("monday.csv", "c" * 64, Account(1_000, 80, 920, 0, reasons))
    found = gates_by_name(arrived=[monday])[FILES]
    assert found.verdict is Verdict.WARNED
    assert "20 of the 1,000 rows" in found.sentence
    assert "corrected" not in found.sentence


def test_many_bad_files_are_not_all_named() -> None:
    """Only the three worst are named."""
    bad = [
        NewDelivery(f"{n}.csv", f"{n}" * 64, Account(100, 100 - n, n, 0, {"why": n}))
        for n in range(1, 6)
    ]
    sentence = gates_by_name(arrived=bad)[FILES].sentence
    assert "5.csv" in sentence
    assert "1.csv" not in sentence
    assert sentence.endswith("; and 2 more files.")
