"""Each command and each role, by the operating system's user and groups."""

from pathlib import Path

import pytest

from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import Actor, AuditLog
from bankseg_assets_tests.access.people import BOTH, expected, write_rules
from ops.cli import access, main
from ops.exit_codes import REFUSED

CELLS = expected()


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Access rules in use; the user of this process is ann, who is in no group."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    path = write_rules(tmp_path)
    monkeypatch.setenv("BANKSEG_ACCESS", str(path))
    monkeypatch.setattr(access, "system_user", lambda: Actor("ann"))
    monkeypatch.setattr(access, "system_groups", list)
    return path


def test_each_command_is_in_the_table() -> None:
    assert access.ACTIONS.keys() | access.UNCHECKED == main.COMMANDS.keys()


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("command", access.ACTIONS)
def test_command_is_for_the_roles_of_the_table(
    monkeypatch: pytest.MonkeyPatch, command: str, role: Role
) -> None:
    monkeypatch.setattr(access, "system_groups", lambda: [f"{role}s"])
    is_allowed = CELLS[access.ACTIONS[command], role]
    assert (access.refused_command(command) == "") is is_allowed


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("role", Role)
def test_results_of_campaigns_need_less_than_customers(
    monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.setattr(access, "system_groups", lambda: [f"{role}s"])
    for word in ("list", "show"):
        assert access.refused_command("campaigns", word) == ""
    for word in ("make", "customers", "end", "remove", "--", ""):
        is_refused = access.refused_command("campaigns", word) != ""
        assert is_refused is not CELLS[Action.MAKE_LISTS, role]


def test_refused_command_changes_nothing_and_is_recorded(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["rollback"]) == REFUSED
    assert "the role engineer is needed" in capsys.readouterr().err
    (entry,) = AuditLog(rules.parent / "audit").entries()
    assert (entry["what"], entry["on"]) == ("refused", Action.OPERATE.value)


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("arguments", [["rollback", "--help"], ["rollback", "-h"]])
def test_help_needs_no_role(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(arguments)
    assert end.value.code == 0
    assert "usage: bankseg rollback" in capsys.readouterr().out


@pytest.mark.usefixtures("rules")
def test_help_behind_other_arguments_is_checked() -> None:
    assert main.main(["rollback", "--", "--help"]) == REFUSED


def test_command_line_may_be_excepted(rules: Path) -> None:
    write_rules(rules.parent, f"command_line = false\n{BOTH}")
    assert access.refused_command("rollback") == ""


def test_commands_are_free_without_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BANKSEG_ACCESS", raising=False)
    assert [access.refused_command(one) for one in main.COMMANDS] == [""] * len(main.COMMANDS)


def test_faulty_rules_refuse_commands(rules: Path) -> None:
    rules.unlink()
    assert "cannot be read" in access.refused_command("status")
