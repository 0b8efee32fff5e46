"""The table of roles: who may do what. Pages, API and command line all use it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person does at the bank."""

    VIEWER = "viewer"
    CLERK = "clerk"
    MARKETER = "marketer"
    ENGINEER = "engineer"
    REVIEWER = "reviewer"


class Action(StrEnum):
    """What may be done; the value completes the sentence "may …"."""

    SEE = "see segments and reports"
    SCORE = "predict the segment of customers"
    LOOK_UP = "look up a customer"
    MAKE_LISTS = "make lists of customers"
    RENAME = "rename a segment"
    SEE_DATA = "see deliveries and runs"
    CHECK_FILES = "check a file and suggest a contract"
    SEE_QUARANTINE = "see the values of quarantined rows"
    RUN = "start a run"
    OPERATE = "withdraw files, remove old data, roll back and copy releases"
    APPROVE = "approve or decline a model"
    ERASE = "erase customers"
    SHOW_SUBJECT = "show all that is held on a customer"
    READ_AUDIT = "read the audit log"


_ALL = frozenset(Role)
ALLOWED: Mapping[Action, frozenset[Role]] = {
    Action.SEE: _ALL,
    Action.SCORE: _ALL - {Role.VIEWER},
    Action.LOOK_UP: frozenset({Role.CLERK}),
    Action.MAKE_LISTS: frozenset({Role.MARKETER}),
    Action.RENAME: frozenset({Role.MARKETER}),
    Action.SEE_DATA: frozenset({Role.ENGINEER, Role.REVIEWER}),
    Action.CHECK_FILES: frozenset({Role.ENGINEER}),
    Action.SEE_QUARANTINE: frozenset({Role.ENGINEER}),
    Action.RUN: frozenset({Role.ENGINEER}),
    Action.OPERATE: frozenset({Role.ENGINEER}),
    Action.APPROVE: frozenset({Role.REVIEWER}),
    Action.ERASE: frozenset({Role.REVIEWER}),
    Action.SHOW_SUBJECT: frozenset({Role.REVIEWER}),
    Action.READ_AUDIT: frozenset({Role.REVIEWER}),
}
"""Action -> the roles that may do it. A person with several roles may do what any of them may."""


def may(roles: Iterable[Role], action: Action) -> bool:
    """Return whether one of the roles may do something.

    >>> may([Role.CLERK], Action.LOOK_UP), may([], Action.SEE)
    (True, False)
    """
    return not ALLOWED[action].isdisjoint(roles)
