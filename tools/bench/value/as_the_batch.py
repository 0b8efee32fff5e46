"""Fit and score customers as the batch does, in a Spark that has started, as in a batch."""

import sys
from dataclasses import astuple, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import to_arrow_schema

from bankseg_assets.contracts.tables import CUSTOMER_VALUE
from bankseg_assets.customers.activity import value_rows, with_value
from bankseg_assets.customers.histories import histories
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.runtime.spark import create_session, prepare_process, spark_config
from bankseg_assets.value.baselines import MODEL
from bankseg_assets.value.forecast import fit_value, score
from tools.bench.value.timing import timed


def main(folder: Path) -> None:
    """Fit and score the customers of a folder."""
    settings = load_settings()
    prepare_process(settings)
    spark = create_session(spark_config(settings))
    schema = to_arrow_schema(spark.createDataFrame([], CUSTOMER_VALUE.ddl).schema)
    spark.range(10).selectExpr("sum(id)").collect()
    with timed() as measured:
        found = histories(folder)
        fitted = fit_value(found.patterns, found.amounts, None, found.span)
        model = replace(fitted, days_by=MODEL, spend_by=MODEL)
        assert model.purchases is not None
        measured.parameters = astuple(model.purchases)
        rows = value_rows(found.patterns, score(model, found.patterns, found.spent))
        table = folder.with_name(f"{folder.name}_value")
        table.mkdir()
        pq.write_table(
            pa.Table.from_pandas(rows, schema, preserve_index=False), table / "value.parquet"
        )
        value = spark.read.schema(CUSTOMER_VALUE.ddl).parquet(str(table))
        customers = with_value(spark.read.parquet(str(folder)), value)
        customers.select("customer_id", "p_alive", "days_next_90", "spend_next_90").write.parquet(
            str(folder.with_name(f"{folder.name}_scored"))
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
