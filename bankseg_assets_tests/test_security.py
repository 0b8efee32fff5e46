"""Checks of code and configuration against docs/explanation/security.md."""

import ast
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._core.snap import JobSnap
from dagster._serdes import serialize_value
from streamlit import config as streamlit_config

from bankseg_assets.defs.build import build_defs
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from ops.install import main as install

ROOT = Path(__file__).parents[1]
SOURCES = [
    path for folder in ("bankseg_assets", "app", "ops") for path in (ROOT / folder).rglob("*.py")
]
TOKEN = "sc://spark.bank:15002/;token=CANARY730539118264"
RUNS_DATA = {
    "import pickle\n": "TID251",
    "from joblib import load\n": "TID251",
    "import shelve\n": "TID251",
    "import pandas as pd\n\npd.read_pickle('x')\n": "TID251",
    "import numpy as np\n\nnp.load('x', allow_pickle=True)\n": "TID251",
    "import torch\n\ntorch.load('x')\n": "TID251",
    "import marshal\n\nmarshal.loads(b'')\n": "S302",
    "import yaml\n\nyaml.load('x')\n": "S506",
    "eval('x')\n": "S307",
    "exec('x')\n": "S102",
    "import subprocess\n\nsubprocess.run('x', shell=True, check=True)\n": "S602",
    "import os\n\nos.system('x')\n": "S605",
}
# Streamlit functions that render markup from data, or frames and scripts of other sites.
MARKUP = {"html", "iframe", "components", "markdown_html"}


def names_of(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the names of a table's options, and of those of its tables."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from names_of(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_streamlit_configuration() -> None:
    """On this machine alone, without telemetry and tracebacks; every option is Streamlit's."""
    found = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    server, client = found["server"], found["client"]
    assert server["address"] == "127.0.0.1"
    assert server["allowedHosts"] == ["127.0.0.1", "localhost"]
    assert server["enableXsrfProtection"]
    assert server["enableCORS"]
    assert not found["browser"]["gatherUsageStats"]
    assert client["showErrorDetails"] == "type"
    assert client["disableDataExport"]
    assert set(names_of(found)) <= streamlit_config.get_config_options().keys()


def test_app_renders_no_markup_from_data() -> None:
    found = []
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html":
                found.append((path.name, node.arg))
            if isinstance(node, ast.Attribute) and node.attr in MARKUP:
                found.append((path.name, node.attr))
    # The app's own style sheets, and the platform's reports, whose templates escape the data.
    assert set(found) == {("style.py", "html"), ("page.py", "iframe")}


NAMES_OF_SCHEMAS = (
    *("http://schemas.openxmlformats.org/", "http://cyclonedx.org/schema/"),
    "https://openlineage.io/spec/",
)


def test_sources_contain_no_remote_addresses() -> None:
    addresses = {
        (path.name, found)
        for path in SOURCES
        for found in re.findall(r"https?://[^\s\"'`)>]+", path.read_text(encoding="utf-8"))
        # Names of XML namespaces and of schemas look like addresses but are never fetched.
        if not found.startswith(("http://127.0.0.1", "http://{", *NAMES_OF_SCHEMAS))
    }
    assert {name for name, _ in addresses} <= {"java.py"}, addresses


@pytest.mark.subprocess
def test_linter_refuses_code_execution_from_data(tmp_path: Path) -> None:
    for number, code in enumerate(RUNS_DATA):
        (tmp_path / f"{number}.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--quiet"]
    found = subprocess.run(
        [*command, "--config", ROOT / "pyproject.toml", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    for number, rule in enumerate(RUNS_DATA.values()):
        assert re.search(rf"^{number}\.py:\S+ {rule} ", found.stdout, re.MULTILINE), found.stdout


def test_no_file_is_exempt_from_the_security_rules() -> None:
    rules = {"TID251", *(rule for rule in RUNS_DATA.values())}
    exempt = [
        path.name
        for path in SOURCES
        for line in path.read_text(encoding="utf-8").splitlines()
        if "noqa" in line and any(rule in line for rule in rules)
    ]
    assert exempt == []


def test_secret_settings_are_known() -> None:
    """Each is refused in the settings file, and not part of what is printed."""
    secret = re.compile("secret|password|token|key|credential")
    fields = Settings.__dataclass_fields__
    assert [name for name in fields if secret.search(name)] == ["smtp_password"]
    assert [name for name, field in fields.items() if not field.repr] == [
        *("alert_webhook", "smtp_password"),
    ]


def test_token_is_refused_in_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "bankseg.toml"
    file.write_text(f'spark_remote = "{TOKEN}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="BANKSEG_SPARK_REMOTE") as refused:
        load_settings({}, file)
    assert "CANARY" not in str(refused.value)
    file.unlink()
    assert load_settings({"BANKSEG_SPARK_REMOTE": TOKEN}, file).spark_remote == TOKEN


@pytest.mark.slow
def test_token_is_not_in_dagsters_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANKSEG_SPARK_REMOTE", TOKEN)
    monkeypatch.setenv("BANKSEG_ALERT_WEBHOOK", f"http://127.0.0.1/{TOKEN}")
    monkeypatch.setenv("BANKSEG_SMTP_PASSWORD", TOKEN)
    definitions = build_defs()
    # Dagster reads its own deprecated attributes of every schedule.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Property `ScheduleDefinition\.environment_vars`")
        kept: list[object] = [RepositorySnap.from_def(definitions.get_repository_def())]
    kept += [JobSnap.from_job_def(definitions.resolve_job_def(n)) for n in ("refresh", "refit")]
    for snapshot in kept:
        assert "CANARY" not in serialize_value(snapshot)  # type: ignore[arg-type]
    assert isinstance(definitions, dg.Definitions)


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "requirements").iterdir()), ids=lambda one: one.name
)
def test_locked_packages_have_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(entries) > 1
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(?:\[[a-z0-9,]+\])?==[^\s;]+", entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert not re.search(
        r"://|--(?:extra-)?index-url|--find-links|--trusted-host|^-[ef] ", text, re.M
    )


def test_installation_requires_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str], _: object) -> str | None:
        commands.append(command)
        return "uv fails" if len(commands) == 2 else None

    (tmp_path / "uv").touch()
    monkeypatch.setattr("ops.install.pip_settings", dict)
    monkeypatch.setattr("ops.install._run", run)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert install([str(ROOT / "requirements" / "run.lock")]) == 0
    assert len(commands) == 3  # pip installs uv, uv the packages, and pip where uv failed
    assert all("--require-hashes" in command for command in commands)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "pip install" not in makefile


@pytest.mark.parametrize("page", ["security.md", "duties.md"])
def test_tests_named_in_the_docs_exist(page: str) -> None:
    table = (ROOT / "docs" / "explanation" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", table))
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "bankseg_assets_tests").rglob("*.py")
    )
    assert len(named) > 20
    assert named - set(re.findall(r"^\s*def (test_\w+)\(", tests, re.MULTILINE)) == set()


@pytest.mark.parametrize("page", ["security.md", "duties.md"])
def test_each_threat_and_duty_names_a_test(page: str) -> None:
    """Or a folder of tests, in the last column of its table."""
    text = (ROOT / "docs" / "explanation" / page).read_text(encoding="utf-8")
    rows = []
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *lines = ([cell.strip() for cell in row.split("|")] for row in table.splitlines())
        rows += [line for line in lines if head[-2] == "test"]
    assert len(rows) > 20
    for row in rows:
        folders = re.findall(r"`(bankseg_assets_tests/\w+)/`", row[-2])
        assert re.search(r"`test_\w+`", row[-2]) or folders, row[1]
        assert all((ROOT / folder).is_dir() for folder in folders)
