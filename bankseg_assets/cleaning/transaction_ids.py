"""Identify transactions by the bank's ID, by ID with customer or day, or by content.

Without IDs, or with IDs that restart in every file, identical rows of a file are different
transactions. Their ID is computed from the row's content and the number of earlier sound rows of
its delivery with the same content, so the same rows delivered again have the same IDs.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.delivery import DeliveryContract

CONTENT = (
    *("customer_id", "birth_date", "age", "gender", "location", "balance"),
    *("transaction_at", "amount", "direction"),
)
"""The columns of a validated row that are equal in rows of one transaction."""
_DIGITS = 24  # of a hash: 96 bits, so that a billion rows have no collision
_AGAIN = "~"
MADE = rf"^[0-9a-f]{{{_DIGITS}}}({re.escape(_AGAIN)}[0-9]+)?$"
"""The pattern of an ID derived from the content."""
_REPEATED = rf"^[0-9a-f]{{{_DIGITS}}}{re.escape(_AGAIN)}[0-9]+$"


def are_of_content(contract: DeliveryContract) -> bool:
    """Return whether a row's content identifies its transaction, not the bank's ID."""
    rule = contract.columns.get("transaction_id")
    return rule is None or rule.unique_per == "file"


def scoped(
    contract: DeliveryContract, transaction_id: Column, customer_id: Column, day: Column
) -> Column:
    """Return an ID prefixed by its scope, if that is the customer or the day."""
    rule = contract.columns.get("transaction_id")
    match rule.unique_per if rule else "":
        case "customer":
            # Escaped, so that the first slash ends the customer.
            escaped = F.replace(
                F.replace(customer_id, F.lit("%"), F.lit("%25")), F.lit("/"), F.lit("%2F")
            )
            return F.concat(escaped, F.lit("/"), transaction_id)
        case "day":
            return F.concat(F.coalesce(day.cast("string"), F.lit("")), F.lit("/"), transaction_id)
    return transaction_id


def identified(validated: DataFrame, contract: DeliveryContract) -> DataFrame:
    """Return validated rows with IDs derived from content, if the contract needs them.

    The ID of the second sound row of a delivery with the same content ends in `~2`, and so on. Rows
    that share an ID, in a file whose IDs are unique, are one transaction.
    """
    if not are_of_content(contract):
        return validated
    # JSON keeps the parts separate, and omits nulls.
    content = F.to_json(F.struct(*CONTENT))
    digest = F.substring(F.md5(content), 1, _DIGITS)
    rows = validated.withColumn("_digest", digest).withColumn("_is_sound", F.isnull("reason"))
    same = Window.partitionBy("delivery", "_digest", "_is_sound")
    if "transaction_id" in contract.columns:
        number = F.dense_rank().over(same.orderBy("transaction_id"))
    else:
        number = F.row_number().over(same.orderBy("row_number"))
    again = F.when(number > 1, F.concat(F.lit(_AGAIN), number.cast("string")))
    made = F.concat("_digest", F.coalesce(again, F.lit("")))
    return rows.withColumn("transaction_id", made).drop("_digest", "_is_sound")


def repeated_shares(files: Iterable[Path], contract: DeliveryContract) -> dict[str, float]:
    """Return delivery -> share of its kept rows that are identical to an earlier one.

    `files`: of CLEANED_TRANSACTIONS. Empty if the bank's IDs distinguish rows.
    """
    paths = sorted(map(str, files))
    if not paths or not are_of_content(contract):
        return {}
    table = ds.dataset(paths).to_table(["delivery", "transaction_id"])
    is_again = pc.match_substring_regex(table["transaction_id"], _REPEATED)
    table = table.append_column("again", pc.cast(is_again, "float64"))
    counted = table.group_by("delivery").aggregate([("again", "mean")]).to_pylist()
    return {row["delivery"]: row["again_mean"] for row in counted}
