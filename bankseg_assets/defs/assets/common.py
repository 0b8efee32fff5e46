"""Constants shared by assets: owner, groups, freshness."""

import dagster as dg

from bankseg_assets.release.freshness import FAIL_AFTER, WARN_AFTER

OWNERS = ["team:customer-analytics"]
DELIVERIES = "deliveries"
INGESTION = "ingestion"
INSIGHT = "insight"
MODELS = "models"
SEGMENTS = "segments"
VALUE = "value"
CLASSIFIER = "classifier"
ACTIONS = "actions"
RELEASES = "releases"
PRIVACY = "privacy"
PLATFORM = "platform"

FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=FAIL_AFTER, warn_window=WARN_AFTER)
