"""Spark gives the same results on a machine that is configured for something else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys
from pathlib import Path
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import prepare_process, spark_config
from bankseg_assets.storage.parquet import read_parquet

settings = Settings(data_dir=Path(sys.argv[1]), spark_master="local[2]")
prepare_process(settings)
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

builder = SparkSession.builder
for name, value in spark_config(settings, extra={"spark.driver.memory": "1g"}).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
folder = settings.published_dir / "table" / "1"
table = spark.createDataFrame([("weiblich", 1234.5), ("şiir", 0.5)], "word string, number double")
table.repartition(2, "word").write.parquet(str(folder))
read = read_parquet(spark, "word string, number double", folder)
found = read.selectExpr(
    "upper(word) AS upper", "lower(upper(word)) AS lower", "format_number(number, 1) AS number",
    "hour(timestamp'2016-08-02 00:30:00') AS hour",
).orderBy("upper")
print([tuple(row) for row in found.collect()])
print(read.select(udf(lambda word: str(len(word)))("word")).orderBy("word").count())
print(sorted(file.name for file in settings.scratch_dir.iterdir())[0].split("-")[0].isdigit())
spark.stop()
"""
OTHERS = {
    "SPARK_HOME": "/opt/spark-2.4",
    "SPARK_REMOTE": "sc://spark.example",
    "SPARK_CONF_DIR": "/opt/spark-2.4/conf",
    "SPARK_LOCAL_DIRS": "/nowhere",
    "SPARK_LOCAL_IP": "192.0.2.1",
    "PYSPARK_SUBMIT_ARGS": "--master yarn --deploy-mode client pyspark-shell",
    "PYSPARK_PYTHON": "/bin/false",
    "PYSPARK_DRIVER_PYTHON": "jupyter",
    "HADOOP_CONF_DIR": "/etc/hadoop",
    "JAVA_TOOL_OPTIONS": "-XX:+UseG1GC -Duser.language=tr -Duser.country=TR",
    "_JAVA_OPTIONS": "-Duser.language=tr -Duser.country=TR -Dfile.encoding=ISO-8859-9",
    "JDK_JAVA_OPTIONS": "-XX:+NoSuchOption",
    "LC_ALL": "C",
    "TZ": "Pacific/Apia",
}


def test_spark_ignores_the_machines_configuration(tmp_path: Path) -> None:
    """Another Spark, a Turkish locale, ASCII, and unusual letters in the folder's name."""
    data_dir = tmp_path / "Müller [1] {a} *#:'\\"
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(data_dir)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | OTHERS,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    lines = found.stdout.splitlines()
    upper = [("WEIBLICH", "weiblich", "1,234.5", 0), ("ŞIIR", "şiir", "0.5", 0)]
    assert lines == [str(upper), "2", "True"]
    assert [path.name for path in tmp_path.iterdir()] == [data_dir.name]
