"""The age from which on a release is old: deliveries are irregular, so weeks and not days."""

from datetime import timedelta

WARN_AFTER, FAIL_AFTER = timedelta(days=7), timedelta(days=31)
