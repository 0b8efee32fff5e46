"""What assets share: owner, groups, freshness."""

from datetime import timedelta

import dagster as dg

OWNERS = ["team:customer-analytics"]
INGESTION = "ingestion"
INSIGHT = "insight"
MODELS = "models"
SEGMENTS = "segments"
ACTIONS = "actions"

# The real file's days end in October 2016 and files come when they come: a week without a new
# version is worth a look, a month is a fault.
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=31), warn_window=timedelta(days=7)
)
