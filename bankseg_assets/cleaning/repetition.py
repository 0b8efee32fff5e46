"""Find the values of a column that occur more than once."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

_DIGEST = "_digest"


@contextmanager
def repeated_values(frame: DataFrame, column: str) -> Iterator[DataFrame]:
    """Yield the values of a text column that occur in more than one row, each once.

    Usually there are none, and 64-bit digests show that at about half the cost of the texts (6
    instead of 10 core-seconds for ten million). Only values that share a digest are compared. Two
    nulls count as a repeated value.
    """
    digest = F.xxhash64(column).alias(_DIGEST)
    # Shuffled without partial aggregation: nearly all values differ, so counting per task first
    # would only build a second table of all of them.
    digests = frame.select(digest).repartition(_DIGEST)
    twice = digests.groupBy(_DIGEST).count().where("count > 1").select(_DIGEST).persist()
    try:
        if twice.isEmpty():
            yield frame.select(column).limit(0)
            return
        suspects = frame.select(column, digest).join(twice, _DIGEST, "left_semi")
        yield suspects.groupBy(column).count().where("count > 1").select(column)
    finally:
        twice.unpersist()
