"""The index of the decision records, from their titles."""

from pathlib import Path

from tools.reference.markdown import table

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"


def decisions() -> str:
    """Return a table of the records, by number; raises ValueError for a file without a title."""
    return table(("", "decision"), (_row(path) for path in sorted(DECISIONS.glob("[0-9]*.md"))))


def _row(path: Path) -> tuple[str, str]:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    number, dot, title = first.removeprefix("# ").partition(". ")
    if not (dot and number.isdigit() and title):
        raise ValueError(f"{path} begins with {first!r}; expected such as '# 30. The decision'.")
    return number, f"[{title}]({path.name})"
