"""A campaign: what a user asks for, and the record of it."""

from datetime import date
from typing import Final, Literal

from pydantic import Field

from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import SHARE
from bankseg_assets.storage.documents import Document

SPEND: Final = "spend"
TRANSACTIONS: Final = "transactions"
ACTIVE: Final = "active"
Measure = Literal["spend", "transactions", "active"]
MEASURES: tuple[Measure, ...] = (SPEND, TRANSACTIONS, ACTIVE)
"""Of a customer in a period, all without income: sum of amounts, number of transactions, and 1 or
0 for any. A customer without transactions has 0 of each; refunds reduce the spend."""
RULE_COLUMNS: dict[str, str] = {
    "monetary": "Spent so far",
    "frequency": "Transactions so far",
    "recency": "Days since the last transaction",
    "active_days": "Days with transactions",
    "average_amount": "Average amount",
    "latest_balance": "Latest balance",
    "average_balance": "Average balance",
    "income": "Income so far",
    "age": "Age",
    "p_alive": "Probability of still being active",
    "days_next_90": "Days with transactions forecast for 90 days",
    "spend_next_90": "Spending forecast for 90 days",
}
"""Columns of customer_segments that a rule may use -> label. A bank may lack some of them."""
WORTHWHILE = 0.1
USUAL_DAYS = 30
Status = Literal["planned", "running", "ended"]


class CampaignError(ListError):
    """A campaign that cannot be made or found; says what was expected and found."""


class Rule(Document):
    """A condition on a column of RULE_COLUMNS; both limits are included.

    Customers for whom the column is unknown do not meet it.
    """

    column: str
    at_least: float | None = None
    at_most: float | None = None


class CampaignRequest(Document):
    """What a user asks for.

    groups, segments: RFM groups and segments by name; none means all. A customer must be in one of
    the groups and in one of the segments, and meet every rule. top: only so many, those with most
    money; 0 for all. share: held out, 0 to 1. starts_on, ends_on: the first and last day measured.
    measure: the one that decides the verdict. contact_limit_days: customers are left out whom
    another campaign contacts that starts less than so many days before or after; 0: no limit.
    worthwhile: the smallest effect that matters, as a share of what is usual: 0.1 is 10 %.
    """

    name: str
    goal: str = ""
    groups: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    top: int = 0
    min_confidence: float = 0.0
    share: float = SHARE
    starts_on: date
    ends_on: date
    measure: Measure = SPEND
    contact_limit_days: int = 0
    worthwhile: float = WORTHWHILE

    @property
    def days(self) -> int:
        """The number of days that are measured."""
        return (self.ends_on - self.starts_on).days + 1


class Campaign(Document):
    """The record of a campaign: `campaign.json`. The customers are in `members.parquet`.

    id: names its folder and never changes. request.ends_on: as planned; ends_on: earlier if the
    campaign was ended. customers: treated + held_out, when it was made. before_from, before_to: the
    days of the history that was stored with the customers; None if none was.
    """

    id: str
    name: str
    audience: str
    request: CampaignRequest
    created_at: str
    created_by: str
    starts_on: date
    ends_on: date
    ended_at: str = ""
    ended_by: str = ""
    why_ended: str = ""
    release: str
    is_demo: bool
    currency: str
    customer_key: str = ""
    snapshot_date: str
    customers: int
    treated: int
    held_out: int
    left_out_by_objection: int = 0
    left_out_by_contact: int = 0
    before_from: date | None = None
    before_to: date | None = None
    plan_sentences: tuple[str, ...] = Field(default=())
    """What the plan said about what can be detected."""

    @property
    def days(self) -> int:
        """The number of days that are measured."""
        return (self.ends_on - self.starts_on).days + 1

    def status(self, day: date) -> Status:
        """Return the status on a day: that of the newest data, or today."""
        if day < self.starts_on:
            return "planned"
        return "ended" if day > self.ends_on or self.ended_at else "running"
