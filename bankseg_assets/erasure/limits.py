"""How long data are kept: the limits of the settings, and the day that each gives."""

import calendar
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bankseg_assets.runtime.settings import Settings, SettingsError

RETENTION_FILE = "retention.json"
"""The first day that is kept, in the privacy folder: rows before it were removed."""
_MONTHS = 12


@dataclass(frozen=True)
class Limits:
    """The age from which data are removed; 0 keeps them for ever."""

    transactions_months: int = 0
    """By the day of the transaction."""
    quarantine_days: int = 0
    """Quarantined rows, by the day of delivery."""
    unused_days: int = 0
    """Files that do not count: refused ones, earlier holdings, and earlier objections."""
    versions_days: int = 0
    """Versions and releases that are not in use."""
    logs_days: int = 0
    audit_months: int = 0

    @property
    def any(self) -> bool:
        """Whether anything is ever removed."""
        return self != Limits()

    def first_day(self, today: date) -> date | None:
        """Return the first day whose transactions are kept; None to keep all."""
        return months_before(today, self.transactions_months) if self.transactions_months else None


def limits_of(settings: Settings) -> Limits:
    """Return the limits in the settings. Raises SettingsError."""
    found = {name: getattr(settings, f"retain_{name}") for name in Limits.__dataclass_fields__}
    for name, value in found.items():
        if value < 0:
            raise SettingsError(
                f"BANKSEG_RETAIN_{name.upper()} is {value}; expected a whole number of at least 0. "
                "0 keeps everything."
            )
    return Limits(**found)


def months_before(day: date, months: int) -> date:
    """Return the same day some months earlier, or the last day of that month.

    >>> months_before(date(2026, 3, 31), 1), months_before(date(2024, 2, 29), 12)
    (datetime.date(2026, 2, 28), datetime.date(2023, 2, 28))
    """
    count = day.year * _MONTHS + day.month - 1 - months
    year, month = max(count // _MONTHS, 1), count % _MONTHS + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def time_before(now: datetime, *, days: int = 0, months: int = 0) -> datetime | None:
    """Return the time before which data are removed; None to keep them."""
    if months:
        return datetime.combine(months_before(now.date(), months), now.timetz())
    return now - timedelta(days=days) if days else None


def kept_from(privacy_dir: Path, limits: Limits, today: date | None = None) -> date | None:
    """Return the day before which no transaction is kept now; None if all are.

    It is the day of the last removal, so that a new file adds no rows before those that are there.
    A limit that was raised since gives an earlier day.
    """
    first = limits.first_day(today or datetime.now(UTC).date())
    if first is None:
        return None
    recorded = _recorded(privacy_dir).get("kept_from")
    return min(first, date.fromisoformat(recorded)) if recorded else None


def removed_before(privacy_dir: Path) -> date | None:
    """Return the latest day before which transactions were removed; None if none were."""
    recorded = _recorded(privacy_dir).get("removed_before")
    return date.fromisoformat(recorded) if recorded else None


def _recorded(privacy_dir: Path) -> dict[str, str]:
    try:
        text = (privacy_dir / RETENTION_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    found: dict[str, str] = json.loads(text)
    return found
