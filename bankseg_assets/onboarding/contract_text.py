"""Write a proposed contract as TOML with comments."""

from collections.abc import Iterator
from textwrap import wrap

from bankseg_assets.contracts.delivery import DELIVERED
from bankseg_assets.onboarding.draft import OPEN, Draft, Remark, Setting, toml

LONGEST_LINE = 100
_TOP = ("", "file", "row_filters", "columns")


def contract_text(draft: Draft, *, file_name: str, rows: int) -> str:
    """Return the TOML text of a draft; each setting has its evidence in a comment."""
    parts = [_head(file_name, rows, len(draft.questions))]
    tables = list(dict.fromkeys(map(_table, draft.lines)))
    for table in sorted(tables, key=_place):
        lines = [line for line in draft.lines if _table(line) == table]
        parts.append("\n".join(_lines(table, lines)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(file_name: str, rows: int, open_questions: int) -> str:
    lines = [
        f"# Proposed by `bankseg contract suggest` from {rows:,} rows of {file_name}.",
        "# Examples are masked: 9 is any digit, A and a are letters.",
    ]
    if open_questions:
        noun = "question is" if open_questions == 1 else "questions are"
        lines.append(
            f'# {open_questions} {noun} open: replace every "?" (see ASK beside it). Until then, '
            "no file is read."
        )
    return "\n".join(lines)


def _place(table: str) -> int:
    known = (*_TOP, *(f"columns.{ours}" for ours in DELIVERED), "rest")
    return known.index(table) if table in known else len(known)


def _table(line: Setting | Remark) -> str:
    return line.table if isinstance(line, Remark) else line.key.rpartition(".")[0]


def _lines(table: str, lines: list[Setting | Remark]) -> Iterator[str]:
    has_settings = any(isinstance(line, Setting) for line in lines)
    if table and has_settings:
        yield f"[{table}]"
    # A later setting replaces an earlier one, as answers do.
    last = {line.key: line for line in lines if isinstance(line, Setting)}
    for line in lines:
        if isinstance(line, Remark):
            yield from (f"# {part}" for part in line.text.splitlines())
        elif last[line.key] is line:
            yield from _setting(line)


def _setting(line: Setting) -> Iterator[str]:
    key = line.key.rpartition(".")[2]
    text = f"{key} = {toml(line.value)}"
    evidence = f"ASK: {line.evidence}" if line.value == OPEN else line.evidence
    if not evidence:
        yield text
    elif len(text) + len(evidence) + 4 <= LONGEST_LINE:
        yield f"{text}  # {evidence}"
    else:
        yield from wrap(f"{evidence}:", LONGEST_LINE, initial_indent="# ", subsequent_indent="# ")
        yield text
