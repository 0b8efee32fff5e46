"""Constants shared by assets: owner, groups, freshness."""

from datetime import timedelta

import dagster as dg

OWNERS = ["team:customer-analytics"]
INGESTION = "ingestion"
INSIGHT = "insight"
MODELS = "models"
SEGMENTS = "segments"
VALUE = "value"
CLASSIFIER = "classifier"
ACTIONS = "actions"
RELEASES = "releases"

# The real file ends in October 2016 and deliveries are irregular: a week without a new version is a
# warning, a month is a failure.
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=31), warn_window=timedelta(days=7)
)
