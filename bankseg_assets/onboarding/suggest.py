"""Propose the contract of a file: what it says, with the evidence, and what it leaves open.

No Spark, and no parser of its own: what is proposed here is read by the landing parser and
cleaned by the same rules as every delivery, and `check` shows what they make of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bankseg_assets.landing.files import printable
from bankseg_assets.onboarding.contract_text import contract_text
from bankseg_assets.onboarding.currency_settings import say_currency
from bankseg_assets.onboarding.customer_settings import say_customer, say_people
from bankseg_assets.onboarding.date_settings import say_dates
from bankseg_assets.onboarding.draft import NONE, Draft, Question, Setting
from bankseg_assets.onboarding.file_settings import read_table
from bankseg_assets.onboarding.header_words import plain
from bankseg_assets.onboarding.masking import masked
from bankseg_assets.onboarding.money_settings import say_money
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
        """Return what is proposed for a setting; None for nothing."""
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
            draft.used.add(key)  # a column that the bank does not have
    say_currency(draft, roles, profiles)
    say_customer(draft, roles)
    say_people(draft, roles)
    say_money(draft, roles)
    say_dates(draft, roles)
    _say_rest(draft, [one for one in roles.rest if one.column.filled])
    draft.check_answers()
    text = contract_text(draft, file_name=printable(path.name), rows=table.rows)
    return Suggestion(text, tuple(draft.questions), tuple(draft.settings), table.rows)


def _named(answers: Mapping[str, str]) -> dict[str, str]:
    """Return our column -> the file's, of the answers that name one."""
    found = {}
    for role in ROLES:
        if name := answers.get(f"columns.{role}.name"):
            found[role] = name
    return found


def _say_rest(draft: Draft, rest: list[Profile]) -> None:
    """Say which columns are not named, and what stands in them."""
    lines = []
    for profile in rest[:MOST_COLUMNS_NAMED]:
        example = masked(next(iter(profile.sound.counts), ""))
        shown = masked(profile.name) if _may_be_value(profile.name) else printable(profile.name)
        lines.append(f"  {shown}: {profile.column.distinct:,} different values, such as {example}")
    if lines:
        draft.remark("rest", "Columns of the file that are not read:\n" + "\n".join(lines))


def _may_be_value(name: str) -> bool:
    return sum(map(str.isdigit, name)) > 2 or not plain(name)  # noqa: PLR2004 - as landing.header
