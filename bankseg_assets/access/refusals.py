"""Record refusals in the audit log, at a limited rate.

A program that repeats refused requests would otherwise fill the disk, and hide what matters. What
is not recorded is counted, and the next entry has the count.
"""

import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from time import monotonic

from bankseg_assets.access.identity import Identity
from bankseg_assets.access.roles import Action
from bankseg_assets.privacy.audit import AUDIT_FOLDER, Event, acting_as, note

REFUSED = "refused"
OMITTED = "not recorded before"
"""Key of the details of an entry: refusals since the previous one that were not recorded."""
REPEATED_AFTER_SECONDS = 60.0
UNNAMED_AT_ONCE = 20.0
UNNAMED_EVERY_SECONDS = 120.0
"""Requests without a name come from any address: 20 are recorded, and then one every 2 minutes. In
a year of constant requests these are 100 MB of a server's log."""
_MAX_REMEMBERED = 1_000


class RefusalRate:
    """Decides which refusals of a process are recorded; safe for concurrent threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recorded: OrderedDict[tuple[Identity, Action], float] = OrderedDict()
        self._left = UNNAMED_AT_ONCE
        self._filled_at = monotonic()
        self._omitted = 0

    def omitted_before(self, identity: Identity, action: Action) -> int | None:
        """Return how many refusals were not recorded since the last one; None to omit this one."""
        now, key = monotonic(), (identity, action)
        with self._lock:
            if self._is_repeated(key, now) or not (identity.is_known or self._takes_one(now)):
                self._omitted += 1
                return None
            self._recorded[key] = now
            self._recorded.move_to_end(key)
            while len(self._recorded) > _MAX_REMEMBERED:
                self._recorded.popitem(last=False)
            omitted, self._omitted = self._omitted, 0
            return omitted

    def _is_repeated(self, key: tuple[Identity, Action], now: float) -> bool:
        before = self._recorded.get(key)
        return before is not None and now - before < REPEATED_AFTER_SECONDS

    def _takes_one(self, now: float) -> bool:
        """Return whether a request without a name is recorded, which uses one of those left."""
        more = (now - self._filled_at) / UNNAMED_EVERY_SECONDS
        self._left, self._filled_at = min(UNNAMED_AT_ONCE, self._left + more), now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def record_refusal(data_dir: Path, identity: Identity, action: Action) -> None:
    """Record that an identity, which may be unknown, was refused an action.

    At most once a minute for the same identity and action. Paths and queries of requests are not
    recorded: they may have the ID of a customer.
    """
    omitted = _rate(data_dir).omitted_before(identity, action)
    if omitted is None:
        return
    why = f"roles: {identity.roles_text}" if identity.is_known else "no name"
    details: dict[str, str | int | float] = {OMITTED: omitted} if omitted else {}
    with acting_as(identity.actor):
        note(data_dir / AUDIT_FOLDER, Event(REFUSED, on=action.value, why=why, details=details))


@lru_cache(maxsize=8)
def _rate(_data_dir: Path) -> RefusalRate:
    return RefusalRate()
