"""The commands of "your bank in ten minutes", run as they are written."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "your-bank-in-ten-minutes.md"
BLOCKS = re.findall(
    r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
QUESTIONS = PAGE.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]


def run(block: str, home: Path) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"HOME": str(home)}
    return subprocess.run(
        ["bash", "-e", "-c", block],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.subprocess
@pytest.mark.skipif(not (ROOT / ".venv/bin/python").exists(), reason="needs the project's .venv")
def test_how_to_commands_do_what_the_page_says(tmp_path: Path) -> None:
    """The batch itself, the last command, is covered by other tests."""
    *commands, batch = BLOCKS
    assert "make materialize" in batch
    demo, suggested, answered, checked, delivered = commands
    assert run(demo, tmp_path).returncode == 0
    asked = run(suggested, tmp_path)
    assert asked.returncode == 3
    assert QUESTIONS.strip() in asked.stderr
    kept = run(answered, tmp_path)
    assert kept.returncode == 0, kept.stderr
    tried = run(checked, tmp_path)
    assert tried.returncode == 0, tried.stderr
    assert re.search(
        r"Of 5,000 sampled rows [\d,]+ would be accepted, \d+ quarantined, 0 are", tried.stdout
    )
    assert run(delivered, tmp_path).returncode == 0
    assert (tmp_path / "my-bank/data/landing/retail_transactions.csv").exists()
