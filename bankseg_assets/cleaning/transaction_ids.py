"""What tells one transaction from another: the bank's ID, one with its customer or day, or content.

A bank without IDs, or with IDs that start again in every file, has files in which identical rows
are different transactions. There, an ID is made of the row's content and of how many sound rows of
its delivery had the same content before it: the same rows delivered again have the same IDs.
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
"""The columns of a judged row that two rows of one transaction agree in."""
_DIGITS = 24  # of a hash: 96 bits, so that a billion rows share none by chance
_AGAIN = "~"
MADE = rf"^[0-9a-f]{{{_DIGITS}}}({re.escape(_AGAIN)}[0-9]+)?$"
"""What an ID that is made of the content looks like."""
_REPEATED = rf"^[0-9a-f]{{{_DIGITS}}}{re.escape(_AGAIN)}[0-9]+$"


def are_of_content(contract: DeliveryContract) -> bool:
    """Whether the content of a row, and not the bank's ID, says which transaction it is."""
    rule = contract.columns.get("transaction_id")
    return rule is None or rule.unique_per == "file"


def scoped(
    contract: DeliveryContract, transaction_id: Column, customer_id: Column, day: Column
) -> Column:
    """Return an ID with what it is unique within, where that is the customer or the day."""
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


def identified(judged: DataFrame, contract: DeliveryContract) -> DataFrame:
    """Return judged rows with an ID made of their content, where the contract asks for one.

    The second sound row of a delivery with the same content has `~2` at its end, and so on. Rows
    with the same ID in a file in which IDs are unique are one transaction.
    """
    if not are_of_content(contract):
        return judged
    # The parts of JSON cannot run together, and it leaves out nulls.
    content = F.to_json(F.struct(*CONTENT))
    digest = F.substring(F.md5(content), 1, _DIGITS)
    rows = judged.withColumn("_digest", digest).withColumn("_is_sound", F.isnull("reason"))
    same = Window.partitionBy("delivery", "_digest", "_is_sound")
    if "transaction_id" in contract.columns:
        number = F.dense_rank().over(same.orderBy("transaction_id"))
    else:
        number = F.row_number().over(same.orderBy("row_number"))
    again = F.when(number > 1, F.concat(F.lit(_AGAIN), number.cast("string")))
    made = F.concat("_digest", F.coalesce(again, F.lit("")))
    return rows.withColumn("transaction_id", made).drop("_digest", "_is_sound")


def repeated_shares(files: Iterable[Path], contract: DeliveryContract) -> dict[str, float]:
    """Return delivery -> share of its kept rows that are identical to an earlier one of it.

    `files`: of CLEANED_TRANSACTIONS. Empty where the bank's IDs tell rows apart.
    """
    paths = sorted(map(str, files))
    if not paths or not are_of_content(contract):
        return {}
    table = ds.dataset(paths).to_table(["delivery", "transaction_id"])
    is_again = pc.match_substring_regex(table["transaction_id"], _REPEATED)
    table = table.append_column("again", pc.cast(is_again, "float64"))
    counted = table.group_by("delivery").aggregate([("again", "mean")]).to_pylist()
    return {row["delivery"]: row["again_mean"] for row in counted}
