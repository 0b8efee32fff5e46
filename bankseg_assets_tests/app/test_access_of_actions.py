"""What acts is checked when it acts: a hidden button cannot be pressed by a program either."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.panels import runs
from app.state import access
from app.state.access import Credentials, guarded
from bankseg_assets.access.checks import RefusedError
from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.release.candidates import KNOWN_BY_TAG, STARTED_BY_TAG
from bankseg_assets_tests.access.people import BOTH, PROXY, claims, headers, write_rules
from bankseg_assets_tests.app.customers import opened, tables
from bankseg_assets_tests.app.publishing import publish, segments_with_ids

Become = Callable[..., None]


@pytest.fixture
def become(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Become:
    """A function that gives the next sessions the roles of someone else."""
    monkeypatch.setenv("BANKSEG_ACCESS", str(write_rules(data_dir)))

    def change(*roles: Role) -> None:
        given = Credentials(PROXY, tuple(headers(*roles)))
        monkeypatch.setattr(access, "credentials", lambda: given)

    change()
    return change


def refusals(data_dir: Path) -> list[str]:
    """Return the actions that were refused."""
    found = AuditLog(data_dir / "audit").entries()
    return [one["on"] for one in found if one["what"] == "refused"]


def rename_form() -> None:
    """Draw the form alone, as the dialog of the page does."""
    from app.panels.segment_name import show_rename
    from app.state import session

    session.refresh()
    bundle = session.require_bundle()
    show_rename(bundle, bundle.segments[0])


def run_dialog() -> None:
    """Draw the dialog that starts a run."""
    from app.panels.runs import confirm

    confirm()


def form(data_dir: Path) -> AppTest:
    """Open the form that renames a segment."""
    publish(data_dir, tables(), segments=segments_with_ids(7))
    page = AppTest.from_function(rename_form, default_timeout=60).run()
    assert not page.exception
    return page


def rename(page: AppTest) -> AppTest:
    page.text_input(key="name_of_0").set_value("Savers")
    return page.button[0].click().run()


def test_marketer_renames_and_is_recorded(data_dir: Path, become: Become) -> None:
    become(Role.MARKETER)
    rename(form(data_dir))
    (entry,) = AuditLog(data_dir / "audit").entries()
    assert (entry["who"], entry["what"], entry["on"]) == ("ann", "rename", "segment 7")
    assert entry["result"] == "Savers"


def test_rename_is_refused_when_the_role_is_lost(
    data_dir: Path, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form is still open, as it is for a program that sends it anyway."""
    become(Role.MARKETER)
    page = form(data_dir)
    monkeypatch.setattr("app.panels.segment_name.may", lambda _: True)
    become(Role.VIEWER)
    rename(page)
    assert "to rename a segment, the role marketer is needed" in page.error[0].value
    assert not (data_dir / "published" / "segment_names.json").exists()
    assert refusals(data_dir) == [Action.RENAME.value]


def test_viewer_has_neither_form_nor_lists(data_dir: Path, become: Become) -> None:
    become(Role.VIEWER)
    assert not form(data_dir).button
    assert opened(data_dir, "segments").get("download_button") == []
    page = opened(data_dir, "overview")
    assert [one.proto.label for one in page.get("page_link") if "list" in one.proto.label] == []


@pytest.mark.parametrize(("role", "starts"), [(Role.ENGINEER, 1), (Role.REVIEWER, 0)])
def test_run_is_started_by_engineers_alone(
    data_dir: Path, become: Become, monkeypatch: pytest.MonkeyPatch, role: Role, starts: int
) -> None:
    started: list[dict[str, str]] = []

    def launch(_port: int, *, tags: dict[str, str]) -> str:
        started.append(tags)
        return "run 1"

    monkeypatch.setattr(runs, "launch", launch)
    become(role)
    page = AppTest.from_function(run_dialog, default_timeout=60).run()
    page.button(key="materialize_yes").click().run()
    assert started == [{STARTED_BY_TAG: "ann", KNOWN_BY_TAG: "proxy"}] * starts
    assert bool(page.success) is bool(starts)
    assert refusals(data_dir) == ([] if starts else [Action.RUN.value])
    assert [one["what"] for one in AuditLog(data_dir / "audit").entries()] == [
        "run started" if starts else "refused"
    ]


def test_download_is_refused_when_the_role_is_lost(data_dir: Path, become: Become) -> None:
    become(Role.MARKETER)
    make = guarded(Action.MAKE_LISTS, lambda: b"C1")
    assert make() == b"C1"
    write_rules(data_dir, BOTH.replace('marketer = ["marketers"]', ""))
    with pytest.raises(RefusedError):
        make()
    assert refusals(data_dir) == [Action.MAKE_LISTS.value]


@pytest.mark.usefixtures("become")
def test_download_is_refused_after_the_login_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    content = claims(Role.MARKETER)
    monkeypatch.setattr(access, "credentials", lambda: Credentials(claims=content))
    make = guarded(Action.MAKE_LISTS, lambda: b"C1")
    assert make() == b"C1"
    content["iat"] -= 13 * 3600
    with pytest.raises(RefusedError):
        make()


def test_reviewer_sees_no_quarantined_values(data_dir: Path, become: Become) -> None:
    become(Role.REVIEWER)
    assert access.may(Action.SEE_DATA)
    with pytest.raises(RefusedError):
        guarded(Action.SEE_QUARANTINE, lambda: b"")()


def test_customer_is_recorded_once_with_the_login(data_dir: Path, become: Become) -> None:
    become(Role.CLERK)
    page = opened(data_dir, "customer")
    page.text_input(key="customer_looked_up").set_value("C0").run()
    page.run()
    (entry,) = AuditLog(data_dir / "audit").entries()
    assert (entry["who"], entry["what"]) == ("ann", "subject looked up")
