"""Data gates: refuse a release that loses customers or rows, or whose files are mostly invalid.

Pure functions of counts taken from the written tables; see `gates` for the verdicts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bankseg_assets.cleaning.row_counts import CORRECTED, Account
from bankseg_assets.landing.ledger import SHORT_DIGITS
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, is_small, shown_count
from bankseg_assets.release.gates import FORCE, LOOK, Gate, Limits, Verdict, distinct_numbers

MOST_NAMED = 3  # files, or reasons

CUSTOMERS = "customers_are_kept"
ROWS = "transactions_are_kept"
FILES = "files_are_mostly_clean"


@dataclass(frozen=True)
class NewDelivery:
    """A delivery that is new since the release in use, with the outcome of its rows."""

    file_name: str
    sha256: str
    account: Account

    @property
    def name(self) -> str:
        """The file name and the hash digits by which the file can be withdrawn."""
        return f"{self.file_name} ({self.sha256[:SHORT_DIGITS]})"


@dataclass(frozen=True)
class Retained:
    """How many of `before` in use are lost; None if not comparable, with `why_not`."""

    before: int
    lost: int | None
    why_not: str = ""


def data_gates(
    customers: Retained | None,
    rows: Retained | None,
    arrived: Sequence[NewDelivery],
    reasons: Mapping[str, int],
    limits: Limits,
) -> list[Gate]:
    """Return the data gates.

    customers, rows: None without a release to compare with. reasons: reason -> rows that are
    quarantined since the release in use.
    """
    return [
        _retention_gate(
            *(CUSTOMERS, "customers", customers, arrived, reasons),
            limits.customers_lost_warned,
            limits.customers_lost_refused,
        ),
        _retention_gate(
            *(ROWS, "transactions", rows, arrived, reasons),
            limits.rows_lost_warned,
            limits.rows_lost_refused,
        ),
        _mostly_clean(arrived, limits),
    ]


def real_data_stays(gate_name: str = CUSTOMERS) -> Gate:
    """Return the gate that refuses demo data while the bank's own data is in use."""
    sentence = "The release in use has the bank's own data, but this one has only demo data."
    advice = (
        "Deliver the bank's data, or restore a withdrawn file: `bankseg deliveries` lists "
        f"files, `bankseg withdraw --undo SHA` restores one. {FORCE}"
    )
    return Gate(gate_name, Verdict.REFUSED, sentence, {}, advice)


def _retention_gate(
    name: str,
    what: str,
    found: Retained | None,
    arrived: Sequence[NewDelivery],
    reasons: Mapping[str, int],
    warned: float,
    refused: float,
) -> Gate:
    if found is None:
        return Gate(name, Verdict.PASSED, "There is no release in use to compare with.")
    if found.lost is None:
        return Gate(name, Verdict.WARNED, f"Lost {what} are not counted. {found.why_not}")
    share = found.lost / found.before if found.before else 0.0
    numbers = {"in_use": found.before, "warned_from": warned, "refused_from": refused}
    if not is_small(found.lost):
        numbers |= {"lost": found.lost, "share": share}
    sentence = (
        f"{shown_count(found.lost)} of the {found.before:,} {what} in use"
        f"{_in_brackets(found.lost, share, warned, refused)} are not in the new data."
    )
    if share < warned or not found.lost:
        return Gate(name, Verdict.PASSED, sentence, numbers)
    if reasons:
        sentence += f" Quarantined since: {_named(reasons)}."
    if share < refused:
        return Gate(name, Verdict.WARNED, sentence, numbers)
    return Gate(name, Verdict.REFUSED, sentence, numbers, _advice(arrived))


def _mostly_clean(arrived: Sequence[NewDelivery], limits: Limits) -> Gate:
    warned, refused = limits.quarantined_warned, limits.quarantined_refused
    worst = sorted(arrived, key=lambda one: (-one.account.quarantined_share, one.file_name))
    numbers: dict[str, float] = {"warned_from": warned, "refused_from": refused}
    numbers |= {"files": len(arrived)}
    if not worst:
        return Gate(FILES, Verdict.PASSED, "No new files since the release in use.", numbers)
    numbers |= {"greatest_share": worst[0].account.quarantined_share}
    above = [one for one in worst if one.account.quarantined_share >= warned]
    if not above:
        sentence = f"Under {100 * warned:g}% of the rows of each new file are quarantined."
        return Gate(FILES, Verdict.PASSED, sentence, numbers)
    described = "; ".join(_described(one, limits) for one in above[:MOST_NAMED])
    more = f"; and {len(above) - MOST_NAMED} more files" if len(above) > MOST_NAMED else ""
    sentence = f"Quarantined: {described}{more}."
    # A few invalid rows in a small file of corrections must not block a release.
    bad = [
        one
        for one in above
        if one.account.quarantined_share >= refused and one.account.rows_broken >= SMALLEST_CELL
    ]
    if not bad:
        return Gate(FILES, Verdict.WARNED, sentence, numbers)
    return Gate(FILES, Verdict.REFUSED, sentence, numbers, _advice(bad))


def _described(one: NewDelivery, limits: Limits) -> str:
    account = one.account
    share = _percent(
        account.quarantined_share, limits.quarantined_warned, limits.quarantined_refused
    )
    reasons = {reason: rows for reason, rows in account.reasons.items() if reason != CORRECTED}
    return (
        f"{account.rows_broken:,} of the {account.rows_in:,} rows of {one.name}, {share}, "
        f"as {_named(reasons)}"
    )


def _advice(arrived: Sequence[NewDelivery]) -> str:
    if not arrived:
        return (
            "There are no new files, so check the changes in the contract: "
            "`./bankseg quarantine` exports the quarantined rows with their reasons. "
            f"{FORCE}"
        )
    worst = max(arrived, key=lambda one: one.account.rows_broken)
    return (
        f"The release in use stays. {LOOK}, and `./bankseg quarantine` exports the quarantined "
        f"rows; `bankseg withdraw {worst.sha256[:SHORT_DIGITS]}` withdraws {worst.file_name}. "
        f"{FORCE}"
    )


def _named(reasons: Mapping[str, int]) -> str:
    named = [f"{reason} ({rows:,})" for reason, rows in list(reasons.items())[:MOST_NAMED]]
    more = len(reasons) - MOST_NAMED
    return ", ".join(named) + (f" and {more} more reasons" if more > 0 else "")


def _in_brackets(lost: int, share: float, *limits: float) -> str:
    return "" if is_small(lost) or not lost else f" ({_percent(share, *limits)})"


def _percent(share: float, *limits: float) -> str:
    """Return a share with enough digits to distinguish it from the limits."""
    return max((distinct_numbers(share, limit, "%", 1)[0] for limit in limits), key=len)
