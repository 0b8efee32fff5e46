"""The pages and the code blocks in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deploy/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SHELL = ("sh", "bash", "console")
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ ", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it is, its language and its text.

    output: the next `text` block before the next heading, which is what the commands print.
    """

    page: str
    line: int
    language: str
    text: str
    output: str = ""

    @property
    def is_shell(self) -> bool:
        """Whether it has commands."""
        return self.language in SHELL

    @property
    def place(self) -> str:
        """The page and line, for messages."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """The commands, one a logical line."""
        lines = re.sub(r"\\\n\s*", "", self.text).splitlines()
        plain = (re.sub(r"(^|\s)#\s.*$", "", line).strip() for line in lines)
        return [line for line in plain if line]


def name_of(page: Path) -> str:
    """Return a page's path in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = list(_FENCE.finditer(text))
    return [
        Block(
            page=name_of(page),
            line=text.count("\n", 0, one.start()) + 1,
            language=one[2],
            text=dedent(one[3]),
            output=_output(text, one, after),
        )
        for one, after in zip_longest(found, found[1:])
    ]


def _output(text: str, one: re.Match[str], after: re.Match[str] | None) -> str:
    if one[2] not in SHELL or after is None or after[2] != "text":
        return ""
    return "" if _HEADING.search(text, one.end(), after.start()) else dedent(after[3])


def without_blocks(page: Path) -> str:
    """Return the text of a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def inline_code(page: Path) -> list[str]:
    """Return the code within the sentences of a page."""
    return _INLINE.findall(without_blocks(page))


def words(command: str) -> Iterator[list[str]]:
    """Yield the words of each program call of a shell command, without its variables."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    call: list[str] = []
    for word in (*lexer, ";"):
        if word and set(word) <= set("|&;()"):
            if call:
                yield _program(call)
            call = []
        else:
            call.append(word)


def _program(call: list[str]) -> list[str]:
    """Return a call without leading variables and trailing redirections."""
    start = next((n for n, word in enumerate(call) if not re.match(r"[A-Z_]+=", word)), len(call))
    end = next((n for n, word in enumerate(call) if set(word) <= set("<>")), len(call))
    return call[start:end]
