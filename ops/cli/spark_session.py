"""A Spark session on two cores, for commands that need one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bankseg_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def spark_session(settings: Settings) -> "SparkSession":
    """Return the session; the first call starts Java."""
    from bankseg_assets.runtime.spark import create_session, prepare_process, spark_config

    prepare_process(settings)
    return create_session(spark_config(replace(settings, spark_master="local[2]", spark_remote="")))
