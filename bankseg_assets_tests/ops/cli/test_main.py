"""Tests of `./bankseg`: called from any folder, each command loads only what it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.scoring.lists.sample_lists import FORM_INPUTS
from ops.cli import main

ROOT = Path(__file__).parents[3]
COMMAND = ROOT / "bankseg"
LIST = "customer_id,frequency,monetary\nC1,1,300\n"


def run(
    *arguments: str, cwd: Path, command: Path = COMMAND, **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments],
        cwd=cwd,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"], ["-h"]])
def test_help_lists_the_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(arguments) == 0
    output = capsys.readouterr().out
    assert all(f"bankseg {name} " in output for name in main.COMMANDS)


def test_unknown_command_lists_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["scores"]) == 2
    output = capsys.readouterr().err
    assert output.startswith("bankseg: unknown command 'scores'.\n")
    assert "bankseg score " in output


@pytest.mark.parametrize("name", main.COMMANDS)
def test_commands_have_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: bankseg {name}" in capsys.readouterr().out


@pytest.mark.subprocess
@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("ops.cli.main", {"argparse", "numpy", "pandas", "pyarrow", "fastapi"}),
        ("ops.cli.score", {"numpy", "pandas", "pyarrow", "fastapi"}),
        ("ops.cli.status", {"pandas", "pyarrow", "fastapi"}),
        ("ops.api.server", {"pandas"}),
        ("ops.cli.export", {"numpy", "pandas", "pyarrow", "fastapi"}),
        ("ops.cli.fetch", {"numpy", "pandas", "pyarrow", "fastapi"}),
        ("ops.cli.withdraw", {"numpy", "pandas", "pyarrow", "fastapi"}),
        ("bankseg_assets.scoring.lists.score_file", {"fastapi"}),
    ],
)
def test_commands_import_only_what_they_need(module: str, unwanted: set[str]) -> None:
    unwanted = unwanted | {"dagster", "pyspark", "streamlit"}
    code = f"import sys, {module}; print({unwanted} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@pytest.mark.subprocess
def test_paths_are_relative_to_the_caller(
    tmp_path: Path,
) -> None:
    """Also through a link, and with modules in the folder that have names of ours."""
    publish(tmp_path / "data", inputs=FORM_INPUTS)
    here = tmp_path / "my lists"
    here.mkdir()
    (here / "list.csv").write_text(LIST, encoding="utf-8")
    for module in ("ops.py", "csv.py", "bankseg_assets.py"):
        (here / module).write_text("raise SystemExit('hijacked')", encoding="utf-8")
    link = tmp_path / "bankseg"
    link.symlink_to(COMMAND)
    environ = {"BANKSEG_DATA_DIR": str(tmp_path / "data")}
    found = run("score", "list.csv", "out.csv", cwd=here, command=link, **environ)
    assert (found.returncode, found.stderr) == (0, "")
    assert "out.csv: 1 rows, 1 sure, 0 not sure, 0 with an error." in found.stdout
    assert (here / "out.csv").exists()


@pytest.mark.subprocess
def test_closed_pipe_is_no_error(tmp_path: Path) -> None:
    publish(tmp_path)
    command = [str(COMMAND), "status", "--json"]
    environ = os.environ | {"BANKSEG_DATA_DIR": str(tmp_path)}
    read, write = os.pipe()
    os.close(read)
    found = subprocess.run(
        command, env=environ, stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.subprocess
def test_missing_packages_are_explained(tmp_path: Path) -> None:
    copy = tmp_path / "bankseg"
    copy.write_bytes(COMMAND.read_bytes())
    copy.chmod(0o755)
    found = run("status", cwd=tmp_path, command=copy)
    assert found.returncode == 2
    assert f"make -C {tmp_path} env" in found.stderr
