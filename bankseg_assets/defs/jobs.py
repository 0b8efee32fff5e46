"""Jobs and their schedules: what an operator launches, with the settings that differ."""

import dagster as dg

from bankseg_assets.defs.assets.common import INGESTION
from bankseg_assets.defs.assets.ingestion.folders import HOLDINGS_FOLDER, LANDING_FOLDER
from bankseg_assets.erasure.limits import limits_of
from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import load_settings

# A retry recomputes everything: versions made by two runs do not belong together.
_WHOLE = {"dagster/retry_strategy": "ALL_STEPS"}
_STUDY = dg.AssetSelection.assets("segmentation_comparison")
_RETENTION = dg.AssetSelection.assets("retention_report")
_KEEPING = (
    "pca_model",
    "kmeans_model",
    "nb_classifier",
    "value_of_customers",
    "recommend_products",
)

INGESTED = dg.AssetSelection.groups(INGESTION)
BATCH = dg.AssetSelection.all() - _STUDY - _RETENTION
"""What a batch materializes; it observes the folders, too."""

_BATCH_AND_FOLDERS = BATCH | dg.AssetSelection.assets(LANDING_FOLDER.key, HOLDINGS_FOLDER.key)
refresh = dg.define_asset_job(
    "refresh",
    _BATCH_AND_FOLDERS,
    description="From the landing folder to a release, with the models of the release in use: new "
    "data are scored, not refitted. Without models that suit the data, it fits them.",
    tags=_WHOLE,
    config={"ops": {name: {"config": {"keep": True}} for name in _KEEPING}},
)
refit = dg.define_asset_job(
    "refit",
    _BATCH_AND_FOLDERS,
    description="From the landing folder to a release, with models fitted on all customers.",
    tags=_WHOLE,
)
refit_with_k = dg.define_asset_job(
    "refit_with_k",
    _BATCH_AND_FOLDERS,
    description="As `refit`, with a number of segments that you choose: edit `k` in the Launchpad. "
    "Later runs of `refresh` keep it; the next `refit` chooses k again.",
    tags=_WHOLE,
    config={"ops": {"kmeans_model": {"config": {"k": 5}}}},
)
refit_with_key = dg.define_asset_job(
    "refit_with_key",
    _BATCH_AND_FOLDERS,
    description="As `refit`, with another customer key: edit `customer_key` in the Launchpad. It "
    "applies to this run only; to keep a key, enter it in the contract.",
    tags=_WHOLE,
    config={"ops": {"rfm_table": {"config": {"customer_key": "customer_id"}}}},
)
force_release = dg.define_asset_job(
    "force_release",
    dg.AssetSelection.assets("release"),
    description="Releases the newest data and models although gates refused them. The release "
    "records which ones. Read the checks of `release` first.",
    config={"ops": {"release": {"config": {"force": True}}}},
)
ingestion = dg.define_asset_job(
    "ingestion",
    INGESTED | dg.AssetSelection.assets(LANDING_FOLDER.key),
    description="Ingest landed files and clean them, without a release.",
    tags=_WHOLE,
)
comparison = dg.define_asset_job(
    "comparison",
    _STUDY,
    description="Compares k-means with alternative algorithms, with and without PCA; takes "
    "minutes. Nothing is made from the result, so it starts after all others in the queue.",
    tags={"dagster/priority": "-1"},
)
recommendations = dg.define_asset_job(
    "recommendations",
    dg.AssetSelection.assets(
        *("product_holdings", "quarantined_holdings"),
        *("recommendation_model", "product_recommendations", "release"),
    )
    | dg.AssetSelection.assets(HOLDINGS_FOLDER.key),
    description="Ingest the holdings folder and recommend products.",
    tags=_WHOLE,
)
retention = dg.define_asset_job(
    "retention",
    _RETENTION,
    description="Remove what is older than the limits of the settings; with `dry_run`, count it.",
)
FULL_BATCHES = (refresh, refit, refit_with_k, refit_with_key)
JOBS = [*FULL_BATCHES, force_release, ingestion, recommendations, comparison, retention]
# Knowing a better algorithm is useful, but not worth a minute per batch.
comparison_schedule = dg.ScheduleDefinition(
    job=comparison,
    cron_schedule="0 3 * * 0",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Compares k-means with other algorithms every Sunday at 03:00 UTC.",
)


@dg.schedule(
    job=refit,
    cron_schedule="0 4 1 * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Fits the models again on the first day of every month at 04:00 UTC, once there is "
    "a release.",
)
def refit_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Refit the models every month, so that segments do not become stale."""
    if current_release(load_settings().published_dir) is None:
        return dg.SkipReason("There is no release yet; the first one fits the models.")
    return dg.RunRequest()


@dg.schedule(
    job=retention,
    cron_schedule="0 2 1 * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Removes what is older than its limit on the first day of every month at 02:00 "
    "UTC, if the settings have a limit.",
)
def retention_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Remove old data every month, before the models are refitted."""
    if not limits_of(load_settings()).any:
        return dg.SkipReason("The settings have no limit: everything is kept.")
    return dg.RunRequest()


SCHEDULES = [comparison_schedule, refit_schedule, retention_schedule]
