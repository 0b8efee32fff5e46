"""The app loads no Spark and starts no Java."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets_tests.app.publishing import publish

pytestmark = pytest.mark.subprocess

PROBE = """
import json, sys
from pathlib import Path
started = []
sys.addaudithook(
    lambda event, arguments: event == "subprocess.Popen" and started.append(str(arguments[0]))
)
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app/main.py", default_timeout=60).run()
for view in sorted(Path("app/views").glob("*.py")):
    page.switch_page(f"views/{view.name}").run()
    assert not page.exception, page.exception
packages = {name.partition(".")[0] for name in sys.modules}
print(json.dumps([sorted(packages & {"pyspark", "py4j", "matplotlib"}), started]))
"""


def test_app_loads_no_spark_and_starts_no_java(tmp_path: Path) -> None:
    publish(tmp_path)
    environment = os.environ | {"BANKSEG_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PROBE]
    probe = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    loaded, started = json.loads(probe.stdout)
    assert loaded == []
    assert [program for program in started if "java" in program] == []
