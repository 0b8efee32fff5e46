"""A draft contract: proposed settings with their evidence, and questions to the bank."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

OPEN = "?"
"""The value of a setting that the bank has to answer; no contract with one is read."""
NONE = "none"
"""The answer that omits a setting or a column."""


class AnswerError(ValueError):
    """An answer that is not among the choices, or belongs to no question."""


@dataclass(frozen=True)
class Question:
    """A question that the file does not answer."""

    key: str
    options: tuple[str, ...]
    why: str
    is_free: bool = False
    """Whether another answer than one of `options` is possible."""

    @property
    def choices(self) -> str:
        """The possible answers, for display."""
        shown = " or ".join(json.dumps(option, ensure_ascii=False) for option in self.options)
        return f"such as {shown}" if self.is_free else shown


@dataclass(frozen=True)
class Setting:
    """A line of the contract."""

    key: str
    value: Any
    evidence: str = ""
    is_answer: bool = False


@dataclass(frozen=True)
class Remark:
    """A comment on its own line in a table, for findings without a setting."""

    table: str
    text: str


@dataclass
class Draft:
    """Collects settings and questions; `answers`: key -> the bank's answer."""

    answers: Mapping[str, str] = field(default_factory=dict)
    lines: list[Setting | Remark] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def propose(self, key: str, value: Any, evidence: str) -> Any:
        """Propose a value; an answer replaces it. Returns the value."""
        if key in self.answers:
            self.used.add(key)
            value = _like(key, value, self.answers[key])
            self.lines.append(Setting(key, value, "as answered", is_answer=True))
            return value
        self.lines.append(Setting(key, value, evidence))
        return value

    def ask(
        self, key: str, options: Sequence[str], why: str, *, is_free: bool = False
    ) -> str | None:
        """Return the answer to a question; without one, record it as open and return None.

        The caller writes the settings that follow from an answer. Raises AnswerError.
        """
        question = Question(key, tuple(options), why, is_free)
        if key not in self.answers:
            self.questions.append(question)
            self.lines.append(Setting(key, OPEN, f"{question.choices}: {why}"))
            return None
        self.used.add(key)
        answer = self.answers[key]
        if not is_free and answer not in options:
            raise AnswerError(f"{key} is answered with {answer!r}; expected {question.choices}.")
        return answer

    def remark(self, table: str, text: str) -> None:
        """Add a comment to a table."""
        self.lines.append(Remark(table, text))

    def answered(self, key: str, value: Any) -> None:
        """Add a setting that follows from an answer."""
        self.lines.append(Setting(key, value, "as answered", is_answer=True))

    @property
    def settings(self) -> list[Setting]:
        """The settings, without remarks."""
        return [line for line in self.lines if isinstance(line, Setting)]

    def check_answers(self) -> None:
        """Raise AnswerError if an answer belongs to no question or setting."""
        if unused := [key for key in self.answers if key not in self.used]:
            known = [one.key for one in self.questions or self.settings]
            raise AnswerError(
                f"There is no setting {', '.join(unused)} to answer here; expected "
                f"{', '.join(dict.fromkeys(known))}."
            )


def _like(key: str, value: Any, answer: str) -> Any:
    """Convert an answer to the type of the proposed value."""
    if isinstance(value, bool):
        if answer not in ("true", "false"):
            raise AnswerError(f"{key} is answered with {answer!r}; expected true or false.")
        return answer == "true"
    if isinstance(value, int):
        if not answer.isdigit():
            raise AnswerError(f"{key} is answered with {answer!r}; expected a whole number.")
        return int(answer)
    if isinstance(value, list):
        return [text.strip() for text in answer.split(",") if text.strip()]
    return answer.replace("\\t", "\t")


def toml(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal | date):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {toml(one)}" for key, one in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return _text(str(value))


def _text(value: str) -> str:
    """Return a TOML basic string: JSON's, plus the escapes that only TOML requires."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    is_bare = text.isascii() and text.replace("_", "").replace("-", "").isalnum()
    return text if is_bare else _text(text)
