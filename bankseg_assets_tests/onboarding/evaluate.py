"""Counts the settings of a suggestion that are right, asked and wrong."""

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any, NamedTuple

from bankseg_assets.onboarding.draft import OPEN
from bankseg_assets.onboarding.suggest import Suggestion, suggest
from bankseg_assets_tests.onboarding.made_up import Bank

HARMLESS = ("customer_key", "number_format", "spending")
"""Proposed for every file, whatever it holds; compared where a bank names them."""


class Score(NamedTuple):
    """Keys of settings."""

    right: tuple[str, ...]
    asked: tuple[str, ...]
    wrong: tuple[str, ...]


def score(found: Suggestion, right: Mapping[str, Any]) -> Score:
    """Compare a suggestion with the expected settings.

    A setting that is missing is wrong, and so is one that is proposed and does not belong there;
    `nullable` and `placeholders` may be more than what is needed.
    """
    said = {line.key: line.value for line in found.settings}
    asked = {key for key, value in said.items() if value == OPEN}
    blocked = {key.rpartition(".")[0] for key in asked if key.endswith(".name")}
    wrong = {key for key, value in right.items() if _differs(key, said.get(key), value)}
    # What a question holds back is proposed once it is answered.
    wrong = {key for key in wrong - asked if key.rpartition(".")[0] not in blocked}
    wrong -= {
        key for key in wrong if key.endswith("thousands_separator") and _sibling(key) in asked
    }
    if "currency" in asked:
        wrong -= {"number_format", "columns.currency.rates"}  # they follow from the currency
    open_tables = {key.rpartition(".")[0] for key in asked if "." in key}
    surplus = {
        key
        for key in said.keys() - right.keys() - asked
        if key not in HARMLESS
        and key.rpartition(".")[0] not in open_tables
        and not key.endswith(("nullable", "placeholders", "encoding", "delimiter"))
    }
    good = right.keys() & said.keys() - asked - wrong
    return Score(tuple(sorted(good)), tuple(sorted(asked)), tuple(sorted(wrong | surplus)))


def suggest_bank(bank: Bank, folder: Path, answers: Mapping[str, str] | None = None) -> Suggestion:
    """Write a bank's file, and propose its contract."""
    path = folder / f"{bank.name.replace(' ', '_')}{bank.suffix}"
    path.write_bytes(bank.content)
    return suggest(path, answers)


def answers_of(bank: Bank, asked: Set[str]) -> dict[str, str]:
    """Return what the bank answers to some questions."""
    found = {}
    for key in asked:
        if key in bank.answers:
            found[key] = bank.answers[key]
            continue
        value = bank.right[key]
        found[key] = ",".join(value) if isinstance(value, list) else str(value)
    return found


def _sibling(key: str) -> str:
    return key.replace("thousands_separator", "decimal_separator")


def _differs(key: str, said: object, right: object) -> bool:
    if key.endswith("decimal_separator") and right == ".":
        return said not in (None, ".")
    return said != right
