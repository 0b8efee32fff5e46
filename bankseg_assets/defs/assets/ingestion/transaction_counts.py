"""Asset transaction_counts: what the EDA report counts, added up file by file."""

from pathlib import Path

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.cleaning.amounts import has_direction
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS
from bankseg_assets.customers.cleaned_files import (
    CLEANED,
    ChangedFiles,
    FullRecomputeError,
    changed_files,
    files_basis,
)
from bankseg_assets.customers.transaction_counts import EDA_RULES, TransactionCounts, count
from bankseg_assets.defs.assets.common import FRESHNESS, INSIGHT, OWNERS
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.outputs import Document
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.version_store import VersionStore, version_basis

ASSET = "transaction_counts"


@dg.asset(
    group_name=INSIGHT,
    owners=OWNERS,
    kinds={"spark", "json"},
    code_version=str(EDA_RULES),
    freshness_policy=FRESHNESS,
)
def transaction_counts(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    cleaned_transactions: DataFrame,
) -> Document:
    """Rows and money by day, hour, age, gender, location, amount and balance, for the EDA report.

    Only files of transactions that arrived since the previous version are counted; those that are
    gone are subtracted. Cells of few customers are included: this document is for the report, which
    omits them, and not for readers.
    """
    contract = delivery.contract
    signed, has_age = has_direction(contract), "age" in contract.columns
    cleaned = published.store.latest(CLEANED)
    try:
        counts, changed = _previous(published.store, cleaned)
    except FullRecomputeError as why:
        context.log.info(f"All transactions are counted. {why}")
        counts = count(cleaned_transactions, has_direction=signed, has_age=has_age)
        n_counted = counts.rows
    else:
        n_counted = 0
        for files, sign in ((changed.arrived, 1), (changed.gone, -1)):
            if files:
                session = cleaned_transactions.sparkSession
                rows = read_parquet(session, CLEANED_TRANSACTIONS.ddl, *files)
                of_files = count(rows, has_direction=signed, has_age=has_age)
                counts, n_counted = counts.plus(of_files, sign), n_counted + of_files.rows
    context.add_output_metadata({"transactions": counts.rows, "transactions_counted": n_counted})
    return Document(counts.to_json(), files_basis(cleaned) | {"rules": EDA_RULES})


def _previous(store: VersionStore, cleaned: Path) -> tuple[TransactionCounts, ChangedFiles]:
    """Return the newest counts, and the files to add and to subtract.

    Raises FullRecomputeError if they were counted by other rules or cannot be read.
    """
    versions = store.versions(ASSET)
    if not versions:
        raise FullRecomputeError("There are no previous counts.")
    if version_basis(versions[-1]).get("rules") != EDA_RULES:
        raise FullRecomputeError("The rules of counting have changed.")
    changed = changed_files(versions[-1], cleaned)
    try:
        return TransactionCounts.from_json(read_document(versions[-1])), changed
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FullRecomputeError(f"The previous counts cannot be read ({error}).") from error
