"""Propose the contract of a file: settings with evidence, and open questions.

Uses neither Spark nor a separate parser: the landing parser reads the file, and `check` shows how
the cleaning rules apply to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bankseg_assets.landing.files import printable
from bankseg_assets.onboarding.contract_text import contract_text
from bankseg_assets.onboarding.currency_settings import propose_currency
from bankseg_assets.onboarding.customer_settings import propose_customer, propose_people
from bankseg_assets.onboarding.date_settings import propose_dates
from bankseg_assets.onboarding.draft import NONE, Draft, Question, Setting
from bankseg_assets.onboarding.file_settings import read_table
from bankseg_assets.onboarding.header_words import plain
from bankseg_assets.onboarding.masking import masked
from bankseg_assets.onboarding.money_settings import propose_money
from bankseg_assets.onboarding.roles import ROLES, Profile, assign

MOST_COLUMNS_NAMED = 30


@dataclass(frozen=True)
class Suggestion:
    """A proposed contract."""

    text: str
    questions: tuple[Question, ...]
    settings: tuple[Setting, ...]
    rows: int
    """Of the sample."""

    @property
    def is_complete(self) -> bool:
        """Whether no question is open."""
        return not self.questions

    def value(self, key: str) -> object:
        """Return the proposed value of a setting; None if there is none."""
        found = [line.value for line in self.settings if line.key == key]
        return found[-1] if found else None


def suggest(path: Path, answers: Mapping[str, str] | None = None) -> Suggestion:
    """Propose a contract from a sample of a file. Raises SampleError and AnswerError."""
    draft = Draft(answers or {})
    table = read_table(path, draft)
    profiles = [Profile(column) for column in table.columns]
    roles = assign(profiles, _named(draft.answers))
    for key, answer in draft.answers.items():
        if answer == NONE and key.endswith(".name"):
            draft.used.add(key)  # a column that the bank does not deliver
    propose_currency(draft, roles, profiles)
    propose_customer(draft, roles)
    propose_people(draft, roles)
    propose_money(draft, roles)
    propose_dates(draft, roles)
    _propose_rest(draft, [one for one in roles.rest if one.column.filled])
    draft.check_answers()
    text = contract_text(draft, file_name=printable(path.name), rows=table.rows)
    return Suggestion(text, tuple(draft.questions), tuple(draft.settings), table.rows)


def _named(answers: Mapping[str, str]) -> dict[str, str]:
    """Return our column -> the file's, for answers that name a column."""
    found = {}
    for role in ROLES:
        if name := answers.get(f"columns.{role}.name"):
            found[role] = name
    return found


def _propose_rest(draft: Draft, rest: list[Profile]) -> None:
    """Remark on the columns that the contract does not name, and their content."""
    lines = []
    for profile in rest[:MOST_COLUMNS_NAMED]:
        example = masked(next(iter(profile.sound.counts), ""))
        shown = masked(profile.name) if _may_be_value(profile.name) else printable(profile.name)
        lines.append(f"  {shown}: {profile.column.distinct:,} different values, such as {example}")
    if lines:
        draft.remark("rest", "Columns of the file that are not read:\n" + "\n".join(lines))


def _may_be_value(name: str) -> bool:
    return sum(map(str.isdigit, name)) > 2 or not plain(name)  # noqa: PLR2004 - as landing.header
