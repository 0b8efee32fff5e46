"""A Spark session on two cores, for commands that need one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bankseg_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def spark_session(settings: Settings) -> "SparkSession":
    """Return the session; the first call starts Java."""
    from pyspark.sql import SparkSession

    from bankseg_assets.runtime.spark import prepare_process, spark_config

    prepare_process(settings)
    config: Mapping[str, str] = spark_config(
        replace(settings, spark_master="local[2]", spark_remote="")
    )
    return SparkSession.builder.config(map={**config}).getOrCreate()
