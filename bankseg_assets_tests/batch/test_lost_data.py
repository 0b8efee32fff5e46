"""Deliveries that would silently replace good data are refused, and withdrawn by one command."""

from pathlib import Path

import dagster as dg

from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.release.data_gates import CUSTOMERS, FILES, ROWS
from bankseg_assets.release.releases import Release, current_refusal, current_release
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import Run, run_platform


def in_use(bank: Platform) -> Release:
    found = current_release(bank.settings.published_dir)
    assert found is not None
    return found


def other_amount(fields: list[str]) -> list[str]:
    """Return a row whose amount is 0.01 more."""
    return [*fields[:-1], f"{float(fields[-1]) + 0.01:.2f}"]


def redeliver(bank: Platform, share: float, change: object) -> Path:
    """Land the same rows again with a share of them changed."""
    delivered = bank.settings.landing_dir / "demo_transactions.csv"
    header, *rows = delivered.read_text(encoding="utf-8").splitlines()
    # Without quoted places, to split at commas; 4,000 rows have 300 of them.
    rows = [row for row in rows if '"' not in row and row.count(",") == header.count(",")]
    changed = int(share * len(rows))
    assert callable(change)
    rows = [",".join(change(row.split(","))) for row in rows[:changed]] + rows[changed:]
    path = bank.settings.landing_dir / "again.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    path.with_name("again.csv.done").touch()
    return path


def checks(run: Run) -> dict[str, tuple[bool, dg.AssetCheckSeverity]]:
    names = (CUSTOMERS, ROWS, FILES)
    return {name: (run.checks[name].passed, run.checks[name].severity) for name in names}


REFUSED = (False, dg.AssetCheckSeverity.ERROR)


def test_same_rows_with_other_amounts_are_refused(own_data: Platform) -> None:
    """95 % of the amounts changed by 0.01: both versions of each row are quarantined.

    The release in use stays, the message says what to do, and withdrawing the file is enough.
    """
    before = in_use(own_data)
    path = redeliver(own_data, 0.95, other_amount)
    run = run_platform(own_data.resources)
    assert set(checks(run).values()) == {REFUSED}
    assert in_use(own_data) == before
    refused = current_refusal(own_data.settings.published_dir)
    assert refused is not None
    text = " ".join(refused.reasons)
    assert "are not in the new data. Quarantined since: conflicting_duplicate (" in text
    assert f"`bankseg withdraw {sha256_of(path)[:8]}` withdraws again.csv" in text
    (delivery,) = refused.deliveries
    assert delivery.file_name == "again.csv"
    assert delivery.rows_quarantined > 0.9 * delivery.rows_in

    Ledger(own_data.settings.ledger_path).withdraw(sha256_of(path))
    run = run_platform(own_data.resources)
    assert all(run.checks[name].passed for name in (CUSTOMERS, ROWS, FILES))
    after = in_use(own_data)
    assert after.name > before.name
    assert after.model_sha256 == before.model_sha256
    assert current_refusal(own_data.settings.published_dir) is None
