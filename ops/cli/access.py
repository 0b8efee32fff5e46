"""Check a command against the table of roles, by the operating system's user and groups.

A user who may read and write the data folder can do all of it without this program: the permissions
of its files protect it. This check keeps the duties apart, and records refusals.
"""

from collections.abc import Mapping

from bankseg_assets.access.checks import RefusedError, require
from bankseg_assets.access.identity import Identity, system_groups
from bankseg_assets.access.roles import Action
from bankseg_assets.access.rules import access_rules
from bankseg_assets.privacy.audit import system_user
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings

UNCHECKED = frozenset({"serve-api"})
"""Commands that do nothing themselves: the API checks each request."""
ACTIONS: Mapping[str, Action] = {
    "score": Action.SCORE,
    "campaign": Action.MAKE_LISTS,
    "campaigns": Action.MAKE_LISTS,
    "trends": Action.SEE,
    "status": Action.SEE,
    "alerts": Action.SEE_DATA,
    "deliveries": Action.SEE_DATA,
    "contract": Action.CHECK_FILES,
    "withdraw": Action.OPERATE,
    "quarantine": Action.SEE_QUARANTINE,
    "rollback": Action.OPERATE,
    "approve": Action.APPROVE,
    "decline": Action.APPROVE,
    "forget": Action.ERASE,
    "retain": Action.OPERATE,
    "subject": Action.SHOW_SUBJECT,
    "audit": Action.READ_AUDIT,
    "evidence": Action.READ_AUDIT,
    "export": Action.OPERATE,
    "fetch": Action.OPERATE,
    "dg": Action.RUN,
}
"""Command -> what a role must allow; a command that is not listed needs `OPERATE`."""
SUBCOMMANDS: Mapping[tuple[str, str], Action] = {
    ("campaigns", "list"): Action.SEE,
    ("campaigns", "show"): Action.SEE,
}
"""The same for subcommands that need less than their command: they show no customer."""


def refused_command(command: str, subcommand: str = "") -> str:
    """Return why the user of this process may not run a command; empty if it may.

    `subcommand`: the first word after the command, whatever it is.
    """
    if command in UNCHECKED:
        return ""
    try:
        settings = load_settings()
        identity = _identity(settings)
        if identity is not None:
            needed = ACTIONS.get(command, Action.OPERATE)
            needed = SUBCOMMANDS.get((command, subcommand), needed)
            require(identity, needed, settings.data_dir)
    except (SettingsError, RefusedError) as error:
        return str(error)
    return ""


def _identity(settings: Settings) -> Identity | None:
    """Return the user of this process with its roles; None if the rules do not hold here."""
    rules = access_rules(settings.access_rules)
    if rules is None or not rules.command_line:
        return None
    user = system_user()
    return Identity(user, rules.roles_of(user.name, system_groups()))
