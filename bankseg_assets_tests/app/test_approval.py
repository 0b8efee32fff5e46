"""The page Approval: both models side by side, and the decision of a reviewer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.state import access
from app.state.access import Credentials
from bankseg_assets.access.roles import Role
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.release.candidates import decisions, pending
from bankseg_assets.release.releases import current_release
from bankseg_assets_tests.access.people import PROXY, headers, write_rules
from bankseg_assets_tests.app.candidates import with_candidate
from bankseg_assets_tests.app.publishing import publish

MAIN = Path(__file__).parents[2] / "app" / "main.py"
Become = Callable[..., None]


@pytest.fixture
def become(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Become:
    """A function that gives the next runs of a page the name and roles of someone else."""
    monkeypatch.setenv("BANKSEG_REQUIRE_APPROVAL", "true")
    monkeypatch.setenv("BANKSEG_ACCESS", str(write_rules(data_dir)))

    def change(*roles: Role, user: str = "rita") -> None:
        given = Credentials(PROXY, tuple(headers(*roles, user=user)))
        monkeypatch.setattr(access, "credentials", lambda: given)

    change(Role.REVIEWER)
    return change


def opened(view: str = "approval") -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page(f"views/{view}.py").run()
    assert not page.exception, page.exception
    return page


def text(page: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*page.markdown, *page.caption, *page.info])


def press(page: AppTest, label: str, reason: str) -> AppTest:
    page.text_input(key="approval_reason").set_value(reason)
    next(one for one in page.button if one.label == label).click().run()
    assert not page.exception
    return page


@pytest.mark.usefixtures("become")
def test_page_compares_both_models(data_dir: Path) -> None:
    with_candidate(data_dir)
    page = opened()
    figures = page.table[0].value.set_index("")
    assert figures.loc["Customers"].tolist() == ["884,265", "150"]
    assert figures.loc["Segments"].tolist() == ["3", "3"]
    assert "Fitted by bob, at 2026-11-01T04:00:00+00:00" in text(page)
    assert page.get("plotly_chart")
    moves = next(one.value for one in page.table if "From" in one.value)
    assert moves["Customers"].tolist() == ["50", "100"]


@pytest.mark.usefixtures("become")
def test_reviewer_approves_with_a_reason(data_dir: Path) -> None:
    found = with_candidate(data_dir)
    page = press(opened(), "Approve and release", "")
    assert "Give a reason" in page.error[0].value
    assert pending(data_dir / "published") is not None
    page = press(page, "Approve and release", "It separates the big spenders.")
    assert "The model was approved: version" in page.success[0].value
    released = current_release(data_dir / "published")
    assert released is not None and released.approval is not None
    assert released.approval.candidate == found.name
    assert "No model awaits approval" in text(page)
    (entry,) = AuditLog(data_dir / "audit").entries()
    assert (entry["who"], entry["known_by"], entry["what"]) == ("rita", "proxy", "approve")


@pytest.mark.usefixtures("become")
def test_reviewer_declines_with_a_reason(data_dir: Path) -> None:
    with_candidate(data_dir)
    before = current_release(data_dir / "published")
    page = press(opened(), "Decline", "F1 is too low.")
    assert current_release(data_dir / "published") == before
    (decision,) = decisions(data_dir / "published")
    assert (decision.is_approved, decision.reason) == (False, "F1 is too low.")
    assert "F1 is too low." in page.table[0].value["Reason"].tolist()


def test_maker_and_engineer_have_no_form(data_dir: Path, become: Become) -> None:
    with_candidate(data_dir)
    become(Role.REVIEWER, user="bob")
    page = opened()
    assert "someone else must decide" in text(page)
    assert not page.text_input
    become(Role.ENGINEER)
    page = opened()
    assert "A reviewer who did not start the run" in text(page)
    assert not page.text_input


def test_decision_is_refused_when_the_role_is_lost(
    data_dir: Path, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_candidate(data_dir)
    page = opened()
    monkeypatch.setattr("app.panels.approval.may", lambda _: True)
    become(Role.ENGINEER)
    page = press(page, "Approve and release", "I like it.")
    assert "the role reviewer is needed" in page.error[0].value
    assert pending(data_dir / "published") is not None


@pytest.mark.usefixtures("become")
def test_first_model_is_approved_without_a_release(data_dir: Path) -> None:
    with_candidate(data_dir, is_first=True)
    page = opened()
    assert "There is no model in use." in text(page)
    press(page, "Approve and release", "The first one.")
    assert current_release(data_dir / "published") is not None


@pytest.mark.usefixtures("become")
def test_overview_says_that_a_model_awaits_approval(data_dir: Path) -> None:
    with_candidate(data_dir)
    assert "A new model awaits your approval." in text(opened("overview"))


@pytest.mark.usefixtures("become")
def test_page_without_a_candidate_says_so(data_dir: Path) -> None:
    publish(data_dir)
    assert "No model awaits approval." in text(opened())
