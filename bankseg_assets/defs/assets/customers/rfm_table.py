"""Asset rfm_table: one row per customer."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from datetime import date

import dagster as dg
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from bankseg_assets.cleaning.rules_version import RFM_RULES
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS, RFM_TABLE
from bankseg_assets.customers import rfm, rfm_basis, rfm_incremental
from bankseg_assets.customers.cleaned_files import FullRecomputeError
from bankseg_assets.customers.customer_key import NULL_KEY_ADVICE, launched_key
from bankseg_assets.customers.rfm_basis import PreviousTable
from bankseg_assets.defs.assets.common import FRESHNESS, INSIGHT, OWNERS
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.storage.outputs import FrameWithBasis, row_count
from bankseg_assets.storage.parquet import read_parquet

# Share of customers above which an incremental update is no cheaper than a full recompute.
MOST_TOUCHED = 0.1
INCOME_ALONE = (
    "{customers} customers have income and no spending, so they are in no segment. If these are "
    "many, check which direction is spending in the contract."
)


class RfmConfig(dg.Config):
    """The customer key of a run."""

    customer_key: str = Field(
        default="",
        description="The customer key of this run: a column of cleaned_transactions, or "
        "several, as in concat_ws('|', birth_date, gender, location, substr(customer_id, 4, 3)). "
        "If empty, the contract's customer_key is used. The setting applies to this run only. "
        "Launch rfm_table and everything downstream with it (the job `refit`), because segments, "
        "lists and recommendations use this key. Holdings must have the same key to match.",
    )

    @field_validator("customer_key")
    @classmethod
    def _is_allowed(cls, key: str) -> str:
        return launched_key(key)


@validated_at_launch(RfmConfig)
@dg.asset(
    group_name=INSIGHT,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=str(RFM_RULES),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("rfm_table") | {ROW_COUNT_KEY: "n_customers"},
)
def rfm_table(
    context: dg.AssetExecutionContext,
    config: RfmConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    cleaned_transactions: DataFrame,
) -> Iterator[dg.Output[FrameWithBasis]]:
    """Recency, frequency, monetary, balances, age, gender, location, scores 1..5, named group.

    If the contract defines which transactions are income, recency, frequency and monetary cover
    spending only, and `income` is the sum of the rest. Customers with income only are counted in
    the metadata and have no row.

    Recency is the number of days to the snapshot date, the day after the newest transaction in the
    data. Scores are quintiles whose cuts separate tied values: 84 % of customers have one
    transaction, and a second one must still score higher. After a small delivery only customers
    whose transactions changed are recomputed; for the others recency and age are updated to the
    new snapshot date.
    """
    key = config.customer_key or delivery.contract.customer_key
    rfm.require_key(cleaned_transactions, key)
    snapshot = rfm.snapshot_date(cleaned_transactions)
    cleaned = published.store.latest("cleaned_transactions")
    known = rfm_basis.columns_with_values(cleaned, rfm.RARELY_KNOWN)
    with ExitStack() as kept:
        try:
            before = rfm_basis.newest(published.store, cleaned, customer_key=key)
            measures, n_recomputed = _updated(
                cleaned_transactions, before, key, snapshot, known, kept
            )
        except FullRecomputeError as why:
            context.log.info(f"All customers are recomputed. {why}")
            measures = rfm.customers(
                cleaned_transactions, customer_key=key, snapshot=snapshot, known=known
            )
            # Used by the scores and the write: the aggregation is the expensive part of this asset.
            measures, n_recomputed = _persisted(measures, kept), None
        counts = rfm.measure_histograms(measures)
        n_customers = sum(counts["frequency"].values())
        n_paid = 0
        if "direction" in known:
            n_paid = rfm.income_alone(cleaned_transactions, measures, customer_key=key)
        _require_spending(n_customers, n_paid, key)
        if n_paid:
            context.log.warning(INCOME_ALONE.format(customers=shown_count(n_paid)))
        context.add_output_metadata(
            {
                "snapshot_date": snapshot.isoformat(),
                "customer_key": key,
                "customers_recomputed": n_customers if n_recomputed is None else n_recomputed,
                "customers_with_income_alone": n_paid,
            }
            | {
                f"{name}_score_cuts": ", ".join(f"{cut:z,.10g}" for cut in cuts)
                for name, cuts in rfm.cut_values(counts).items()
            }
        )
        made_from = rfm_basis.basis(cleaned, customer_key=key, snapshot=snapshot)
        yield dg.Output(FrameWithBasis(rfm.with_scores(measures, counts), made_from))


def _require_spending(n_customers: int, n_paid: int, key: str) -> None:
    """Raise ValueError if no customer has any transaction that counts."""
    if n_customers:
        return
    if n_paid:
        raise ValueError(
            "Every transaction is income, so no customer has any spending. Correct in the "
            "contract which direction is spending."
        )
    raise ValueError(f"The customer key `{key}` is null for every transaction. {NULL_KEY_ADVICE}")


def _updated(
    cleaned: DataFrame,
    before: PreviousTable,
    key: str,
    snapshot: date,
    known: Collection[str],
    kept: ExitStack,
) -> tuple[DataFrame, int]:
    """Return the measures of all customers, and how many were recomputed because their rows
    changed.

    The others are those of the previous table. Raises FullRecomputeError if too many have changed.
    """
    session = cleaned.sparkSession
    arrived, gone = (
        read_parquet(session, CLEANED_TRANSACTIONS.ddl, *files) if files else cleaned.limit(0)
        for files in (before.arrived, before.gone)
    )
    table = read_parquet(session, RFM_TABLE.ddl, before.table)
    touched = rfm_incremental.touched_customers(arrived, gone, customer_key=key)
    touched = _persisted(touched, kept)
    n_touched, n_before = touched.count(), row_count(before.table)
    if n_touched > MOST_TOUCHED * n_before:
        raise FullRecomputeError(
            f"{n_touched:,} of {n_before:,} customers in the previous table have changed."
        )
    recomputed = rfm_incremental.recompute_customers(
        cleaned, touched, customer_key=key, snapshot=snapshot, known=known
    )
    recomputed = _persisted(recomputed, kept)
    same = rfm_incremental.carried(table, touched, since=before.snapshot, snapshot=snapshot)
    return same.unionByName(recomputed), n_touched


def _persisted(frame: DataFrame, kept: ExitStack) -> DataFrame:
    """Cache a table until `kept` closes, because a Spark Connect server outlives the run."""
    kept.callback(frame.unpersist)
    return frame.persist()
