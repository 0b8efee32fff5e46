"""Results follow the data: they are computed again, kept, or frozen with the reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bankseg_assets.campaigns.campaign import CampaignError
from bankseg_assets.campaigns.campaign_store import create_campaign, end_campaign
from bankseg_assets.campaigns.refreshing import SETTLED_AFTER_DAYS, DataInUse, refreshed
from bankseg_assets.campaigns.results import (
    CAMPAIGN_RESULTS,
    TOO_EARLY,
    WORKED,
    CampaignResults,
    newest_results,
    result_of,
)
from bankseg_assets.campaigns.stored_campaigns import member_files
from bankseg_assets.storage.documents import write_document
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.campaigns.campaign_bank import SNAPSHOT, bank, request

LAST = SNAPSHOT + timedelta(days=29)
DATA = DataInUse(through=LAST, is_demo=False, customer_key="customer_id", currency="INR")


class Spent:
    """Answers as Spark does, and counts the questions: treated customers spend 400, others 300."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Path], Sequence[date]]] = []

    def __call__(self, members: Sequence[Path], edges: Sequence[date]) -> pd.DataFrame:
        self.asked.append((members, edges))
        rng = np.random.default_rng(len(edges))
        parts = []
        for path in members:
            for stretch in range(len(edges) - 1):
                one = pd.read_parquet(path)[["customer_id", "held_out"]]
                usual = np.where(one["held_out"], 300, 400) / (len(edges) - 1)
                one["spend"], one["stretch"] = rng.gamma(4, usual / 4), stretch
                parts.append(one.assign(transactions=1))
        return pd.concat(parts).drop_duplicates(["customer_id", "stretch"])


def refresh(tmp_path: Path, spent: Spent | None = None, **changes: Any) -> CampaignResults:
    """Compute the results again, and publish them."""
    found = refreshed(
        tmp_path,
        replace(DATA, **changes),
        newest_results(tmp_path / "published"),
        spent or Spent(),
    )
    with VersionStore(tmp_path / "published").draft(CAMPAIGN_RESULTS, "run") as draft:
        write_document(draft.path, found.model_dump(mode="json"))
    return found


def test_no_campaign_needs_no_pass(tmp_path: Path) -> None:
    spent = Spent()
    assert refresh(tmp_path, spent).campaigns == ()
    assert spent.asked == []


def test_all_campaigns_need_one_pass(tmp_path: Path) -> None:
    given, spent = bank(tmp_path), Spent()
    create_campaign(*given, request())
    create_campaign(*given, request(name="Later", starts_on=SNAPSHOT + timedelta(days=3)))
    found = refresh(tmp_path, spent)
    assert {one.name for one in found.campaigns} == {"Spring", "Later"}
    ((members, edges),) = spent.asked
    assert len(members) == 2
    assert list(edges) == sorted(set(edges))
    spring = result_of(tmp_path / "published", "spring")
    assert spring in found.campaigns
    assert spring is not None and spring.verdict == WORKED


def test_campaign_before_its_start_needs_no_pass(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    spent = Spent()
    (found,) = refresh(tmp_path, spent, through=SNAPSHOT - timedelta(days=1)).campaigns
    assert (found.verdict, found.measured_through, spent.asked) == (TOO_EARLY, None, [])


def test_result_follows_the_data(tmp_path: Path) -> None:
    """A withdrawn file may take the newest days away."""
    create_campaign(*bank(tmp_path), request())
    for through in (SNAPSHOT + timedelta(days=9), LAST, SNAPSHOT + timedelta(days=4)):
        (found,) = refresh(tmp_path, through=through).campaigns
        assert found.measured_through == through


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_demo": True}, "It was made with own data, and the data in use are demo."),
        ({"customer_key": "upper(customer_id)"}, "customers are identified by upper(customer_id)"),
        ({"currency": "EUR"}, "It was made in INR, and the data are in EUR now."),
        ({"removed_before": SNAPSHOT + timedelta(days=1)}, "were removed for their age."),
    ],
)
def test_result_is_frozen_where_data_differ(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    create_campaign(*bank(tmp_path), request())
    (before,) = refresh(tmp_path).campaigns
    spent = Spent()
    (found,) = refresh(tmp_path, spent, **changes).campaigns
    assert reason in found.frozen
    assert found.model_copy(update={"frozen": ""}) == before
    assert spent.asked == []
    (again,) = refresh(tmp_path).campaigns
    assert again.frozen == ""


def test_never_measured_campaign_says_why(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    (found,) = refresh(tmp_path, currency="EUR").campaigns
    assert found.verdict == TOO_EARLY
    assert found.sentences == (found.frozen,)


def test_result_stays_when_customers_left_for_their_age(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    (before,) = refresh(tmp_path).campaigns
    member_files(tmp_path)[0].unlink()
    (found,) = refresh(tmp_path).campaigns
    assert "were removed for their age" in found.frozen
    assert found.effect == before.effect


def test_settled_result_is_not_computed_again(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    before = refresh(tmp_path).campaigns
    spent = Spent()
    soon, late = (LAST + timedelta(days=SETTLED_AFTER_DAYS + more) for more in (0, 1))
    assert refresh(tmp_path, spent, through=late).campaigns == before
    assert spent.asked == []
    refresh(tmp_path, spent, through=soon)
    assert len(spent.asked) == 1


def test_early_end_is_measured_again(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    refresh(tmp_path)
    end_campaign(tmp_path, "spring", last_day=SNAPSHOT + timedelta(days=9))
    late = LAST + timedelta(days=SETTLED_AFTER_DAYS + 1)
    (found,) = refresh(tmp_path, through=late).campaigns
    assert (found.days, found.days_planned) == (10, 10)
    assert any("ended early" in one for one in found.sentences)


def test_damaged_results_name_the_next_step(tmp_path: Path) -> None:
    refresh(tmp_path)
    version = VersionStore(tmp_path / "published").latest(CAMPAIGN_RESULTS)
    (version / "model.json").write_text("{", encoding="utf-8")
    with pytest.raises(CampaignError, match="Materialize campaign_results again"):
        newest_results(tmp_path / "published")
