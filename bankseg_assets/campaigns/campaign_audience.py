"""The customers that a request for a campaign asks for: its groups, segments and rules."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from operator import and_, or_

import pyarrow.dataset as ds

from bankseg_assets.campaigns.audiences import (
    GROUP,
    SEGMENT,
    SELECTION,
    Audience,
    Selection,
    Total,
    choose,
    customers_of,
    require_shown,
    totals,
)
from bankseg_assets.campaigns.campaign import (
    MEASURES,
    RULE_COLUMNS,
    USUAL_DAYS,
    CampaignError,
    CampaignRequest,
    Rule,
)
from bankseg_assets.presentation.formatting import number
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.hold_out import UNNAMED, campaign_name

ALL_CUSTOMERS = "All customers"
MOST_DAYS = 731
_LONGEST_NAME, _LONGEST_GOAL = 200, 1_000


def usual_dates(bundle: Bundle) -> tuple[date, date]:
    """Return the first and last day to suggest: 30 days from the day after the newest data."""
    first = date.fromisoformat(bundle.snapshot_date)
    return first, first + timedelta(days=USUAL_DAYS - 1)


def validated(request: CampaignRequest) -> str:
    """Return the campaign's name without stray spaces. Raises CampaignError for what is wrong."""
    name = campaign_name(request.name)
    if name == UNNAMED or len(name) > _LONGEST_NAME:
        raise CampaignError(
            f"name: expected a name of 1 to {_LONGEST_NAME} characters, such as 'Spring 2027', but "
            f"found {request.name[:40]!r}. It draws the control group."
        )
    if len(request.goal) > _LONGEST_GOAL:
        raise CampaignError(
            f"goal: expected at most {_LONGEST_GOAL:,} characters, but found {len(request.goal):,}."
        )
    if not 1 <= request.days <= MOST_DAYS:
        raise CampaignError(
            f"ends_on: expected a day from {request.starts_on} on, at most {MOST_DAYS} days after "
            f"it, but found {request.ends_on}."
        )
    for field, value in (("share", request.share), ("min_confidence", request.min_confidence)):
        if not 0 <= value <= 1:
            raise CampaignError(f"{field}: expected a share from 0 to 1, but found {value:g}.")
    for field, count in (("top", request.top), ("contact_limit_days", request.contact_limit_days)):
        if count < 0:
            raise CampaignError(f"{field}: expected a whole number from 0 on, but found {count}.")
    if not 0 < request.worthwhile <= 1:
        raise CampaignError(
            f"worthwhile: expected a share above 0, such as 0.1, but found {request.worthwhile:g}."
        )
    if request.measure not in MEASURES:
        raise CampaignError(
            f"measure: expected one of {', '.join(MEASURES)}, but found {request.measure!r}."
        )
    return name


def selection(release: Release, bundle: Bundle, request: CampaignRequest) -> Selection:
    """Return the audience of a request. Raises CampaignError and ListError."""
    known = totals(release, {}, bundle.segment_names)
    groups = _chosen(known, request.groups, GROUP)
    segments = _chosen(known, request.segments, SEGMENT)
    existing = customers_of(release).schema.names if request.rules else []
    conditions = [
        *(_any(chosen) for chosen in (groups, segments) if chosen),
        *(limit for rule in request.rules for limit in _limits(rule, existing)),
    ]
    condition = reduce(and_, conditions) if conditions else None
    return Selection(SELECTION, _name(groups, segments, request), condition=condition)


def without(audience: Selection, customers: Collection[str]) -> Selection:
    """Return the audience without some customers."""
    if not customers:
        return audience
    others = ~ds.field("customer_id").isin(sorted(customers))
    condition = others if audience.condition is None else audience.condition & others
    return replace(audience, condition=condition)


def only(audience: str, customers: Collection[str]) -> Selection:
    """Return the audience of these customers alone; `audience`: its name."""
    condition = ds.field("customer_id").isin(sorted(customers))
    return Selection(SELECTION, audience, condition=condition)


def _chosen(known: Sequence[Total], names: Sequence[str], kind: str) -> list[Audience]:
    of_kind = [total for total in known if total.audience.kind == kind]
    found = [choose(of_kind, name) for name in dict.fromkeys(names)]
    if len(found) == 1:
        require_shown(found[0])
    return [one.audience for one in found]


def _any(audiences: Sequence[Audience]) -> ds.Expression:
    return reduce(or_, (one.members for one in audiences))


def _limits(rule: Rule, existing: Sequence[str]) -> list[ds.Expression]:
    usable = [name for name in RULE_COLUMNS if name in existing]
    if rule.column not in usable:
        raise CampaignError(
            f"rules: the column {rule.column[:40]!r} cannot be used; expected one of "
            f"{', '.join(usable)}."
        )
    low, high = rule.at_least, rule.at_most
    if low is None and high is None:
        raise CampaignError(f"rules: {rule.column} has no limit; expected at_least or at_most.")
    if low is not None and high is not None and low > high:
        raise CampaignError(
            f"rules: at_least of {rule.column} is {low:g}, which is above at_most, {high:g}."
        )
    column = ds.field(rule.column).cast("double")
    limits = [column >= low] if low is not None else []
    return limits + ([column <= high] if high is not None else [])


def _name(
    groups: Sequence[Audience], segments: Sequence[Audience], request: CampaignRequest
) -> str:
    """Return the audience in words, as in "Champions or At risk, in Big spenders, top 500"."""
    parts = [" or ".join(one.name for one in groups)]
    parts.append(" or ".join(one.name for one in segments))
    found = ", in ".join(filter(None, parts)) or ALL_CUSTOMERS
    limits = [_in_words(rule) for rule in request.rules]
    if request.min_confidence:
        limits.append(f"confidence from {request.min_confidence:.0%}")
    if request.top:
        limits.append(f"top {number(request.top)}")
    return ", ".join([found, *limits])


def _in_words(rule: Rule) -> str:
    label = RULE_COLUMNS[rule.column].lower()
    if rule.at_most is None:
        return f"{label} from {rule.at_least:z,.12g}"
    if rule.at_least is None:
        return f"{label} up to {rule.at_most:z,.12g}"
    return f"{label} {rule.at_least:z,.12g} to {rule.at_most:z,.12g}"
