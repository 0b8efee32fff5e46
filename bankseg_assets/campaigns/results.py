"""Results of campaigns: documents, and how to read the newest ones."""

from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from bankseg_assets.campaigns.campaign import CampaignError, Measure
from bankseg_assets.storage.documents import Document, first_fault, read_document
from bankseg_assets.storage.version_store import VersionStore

CAMPAIGN_RESULTS = "campaign_results"
"""The asset."""
TOO_EARLY: Final = "too early"
TOO_FEW: Final = "too few to tell"
NO_EFFECT: Final = "no effect found"
WORKED: Final = "worked"
HARMED: Final = "harmed"
Verdict = Literal["too early", "too few to tell", "no effect found", "worked", "harmed"]
WELCH: Final = "Welch"
CUPED: Final = "CUPED"
Method = Literal["Welch", "CUPED"]
TREATED: Final = "treated"
HELD_OUT: Final = "held out"
Arm = Literal["treated", "held out"]
_AGAIN = f"Materialize {CAMPAIGN_RESULTS} again."


class ArmFigures(Document):
    """All customers of an arm, whether they were reached or not (intention to treat).

    spend, transactions: means of a customer in the window. active_share: with any transaction.
    before: the same in the period before; None if it is unknown. spend_total: of the arm.
    """

    arm: Arm
    customers: int
    spend: float
    spend_total: float
    transactions: float
    active_share: float
    spend_before: float | None = None
    transactions_before: float | None = None
    active_share_before: float | None = None


class Balance(Document):
    """A measure before the start in both arms; a difference of 0.1 standard deviations is much.

    `is_balanced`: the difference is within what chance gives (Welch, 99 %).
    """

    measure: Measure
    treated: float
    held_out: float
    standardised_difference: float
    is_balanced: bool


class Effect(Document):
    """The difference of a customer, treated less held out, with its 95 % interval.

    relative: divided by the mean of the held out customers; None if that is not above 0, or not
    known well enough. total: times the customers contacted; of spend, the money that the campaign
    brought. narrowing: share by which CUPED made the interval narrower; 0 for Welch.
    """

    measure: Measure
    method: Method
    difference: float
    low: float
    high: float
    p_value: float
    relative: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None
    total: float
    total_low: float
    total_high: float
    narrowing: float = 0.0


class Look(Document):
    """The effect on the deciding measure from the start to a day.

    is_planned: a look that may decide; the others only show. decision_low, decision_high: the
    interval that decides, wider than 95 % so that all looks together err in 5 % of campaigns at
    most; `effect` has the 95 % interval of this day alone. verdict: what this look says.
    """

    day: date
    days: int
    is_planned: bool
    is_last: bool
    effect: Effect
    decision_low: float
    decision_high: float
    verdict: Verdict


class SegmentEffect(Document):
    """The effect in one segment, of the deciding measure.

    treated, held_out, effect: None if an arm has too few customers, or it would reveal one that
    has. adjusted_p: by Holm, for all segments together. Low and high of `effect` are corrected as
    well (Bonferroni). verdict: None until the window is over.
    """

    segment: str
    treated: int | None = None
    held_out: int | None = None
    effect: Effect | None = None
    adjusted_p: float | None = None
    verdict: Verdict | None = None
    sentence: str = ""


class CampaignResult(Document):
    """The result of a campaign, from the newest data.

    headline: the verdict in a sentence, with money. sentences: how sure it is, and what it is based
    on. next_step: what to do. measured_through: the last day with data, None before any. days:
    measured so far, of days_planned. gone: customers erased since, 0 below 11. effects: each
    measure by Welch and, with a history, by CUPED; `effect` is the one that decides. over_time:
    oldest first. notes: what limits it, such as a control group of none. frozen: a sentence if it
    is not computed any more, such as after old transactions were removed; else empty.
    """

    campaign_id: str
    name: str
    currency: str
    measure: Measure
    verdict: Verdict
    headline: str
    sentences: tuple[str, ...] = ()
    next_step: str = ""
    starts_on: date
    ends_on: date
    measured_through: date | None = None
    days: int = 0
    days_planned: int
    customers: int
    gone: int = 0
    decided_on: date | None = None
    """The day of the first look that decided; None if none did."""
    arms: tuple[ArmFigures, ...] = ()
    balance: tuple[Balance, ...] = ()
    effects: tuple[Effect, ...] = ()
    effect: Effect | None = None
    over_time: tuple[Look, ...] = ()
    segments: tuple[SegmentEffect, ...] = ()
    notes: tuple[str, ...] = ()
    frozen: str = ""


class CampaignResults(Document):
    """The document of the asset: all campaigns."""

    computed_at: str = ""
    data_through: date | None = None
    """The day of the newest transaction."""
    campaigns: tuple[CampaignResult, ...] = ()

    def of(self, campaign_id: str) -> CampaignResult | None:
        """Return the result of a campaign; None before the first."""
        return next((one for one in self.campaigns if one.campaign_id == campaign_id), None)


def newest_results(published_dir: Path) -> CampaignResults:
    """Return the newest results; empty before the first. Raises CampaignError if damaged.

    Of the newest data, also if its release was refused. A campaign made since is not in them.
    """
    versions = VersionStore(published_dir).versions(CAMPAIGN_RESULTS)
    if not versions:
        return CampaignResults()
    try:
        return CampaignResults.model_validate(read_document(versions[-1]))
    except ValidationError as error:
        raise CampaignError(f"{versions[-1]}: {first_fault(error)}. {_AGAIN}") from error
    except (OSError, ValueError) as error:
        raise CampaignError(f"{versions[-1]} cannot be read: {error}. {_AGAIN}") from error


def result_of(published_dir: Path, campaign_id: str) -> CampaignResult | None:
    """Return the newest result of a campaign; None before the first. Raises CampaignError."""
    return newest_results(published_dir).of(campaign_id)
