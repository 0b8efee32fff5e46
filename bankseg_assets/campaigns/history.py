"""The history of a campaign's customers: what they did in stretches as long as the campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.campaigns.audiences import customers_of
from bankseg_assets.campaigns.campaign import (
    ACTIVE,
    MEASURES,
    SPEND,
    TRANSACTIONS,
    CampaignRequest,
    Measure,
)
from bankseg_assets.campaigns.transaction_sums import Sums, sums_between
from bankseg_assets.release.releases import Release
from bankseg_assets.stats.arrays import Array, Mask

LEAST_BEFORE = 28
"""Days of the period before, at least: a week of it says little of a customer."""
MOST_STRETCHES = 4
LEAST_DAYS = 7
"""Of a stretch: of a shorter one, nothing is predicted."""
_LEAST_ACTIVE = 30


@dataclass(frozen=True)
class Spread:
    """A measure of a customer in the days of the campaign: mean, spread, and the correlation with
    the same measure in the period before."""

    mean: float
    sd: float
    correlation: float
    skewness: float = 0.0


@dataclass(frozen=True)
class History:
    """`spreads`: by measure. `days`: of each stretch. `is_new`: of customers who were all new."""

    spreads: dict[Measure, Spread]
    days: int
    stretches: int
    is_new: bool = False


def before(release: Release, snapshot: date, request: CampaignRequest) -> tuple[date, date] | None:
    """Return the first and last day of the period before; None if the data have none.

    It ends before the start, and before the snapshot: nothing in it is an effect of the campaign.
    """
    end = min(snapshot, request.starts_on)
    first = max(first_day(release, snapshot), end - timedelta(days=before_days(request)))
    return (first, end - timedelta(days=1)) if first < end else None


def before_days(request: CampaignRequest) -> int:
    """Return the days of the period before, where the data reach so far back."""
    return max(request.days, LEAST_BEFORE)


def first_day(release: Release, snapshot: date) -> date:
    """Return the day of the first transaction of any customer; the snapshot if it is unknown."""
    customers = customers_of(release)
    if "first_day" not in customers.schema.names:
        return snapshot
    found = pc.min(customers.to_table(["first_day"])["first_day"]).as_py()
    return found if isinstance(found, date) else snapshot


@dataclass(frozen=True)
class Stretches:
    """Stretches of history as long as a campaign, newest first, and the period before each.

    edges: ascending days; both begin and end at one of them.
    """

    starts: tuple[date, ...]
    days: int
    days_before: int

    @property
    def edges(self) -> list[date]:
        """The days between which sums are needed."""
        ends = (start + timedelta(days=self.days) for start in self.starts)
        return sorted({*self.starts, *ends, *self.starts_before})

    @property
    def starts_before(self) -> tuple[date, ...]:
        """The first days of the periods before."""
        return tuple(start - timedelta(days=self.days_before) for start in self.starts)


def stretches_of(request: CampaignRequest, first: date, end: date) -> Stretches | None:
    """Return up to four stretches from a first day until before an end; None if it is too short.

    They are shorter than the campaign where the data do not hold two of its length.
    """
    span = (end - first).days
    days = min(request.days, span // 2)
    if days < LEAST_DAYS:
        return None
    earlier = min(before_days(request), span - days)
    count = min(MOST_STRETCHES, (span - earlier) // days)
    starts = tuple(end - timedelta(days=days * (back + 1)) for back in range(count))
    return Stretches(starts, days, earlier)


def history(
    release: Release, snapshot: date, request: CampaignRequest, customers: pa.Table
) -> History | None:
    """Return the history of customers in stretches before the start.

    `customers`: with `customer_id` and, if the release has it, `first_day`. None if the data are
    too short, or only Spark can read them. Raises CampaignError.
    """
    end = min(snapshot, request.starts_on)
    found = stretches_of(request, first_day(release, snapshot), end)
    if found is None:
        return None
    sums = sums_between(release, customers["customer_id"].to_pylist(), found.edges)
    if sums is None:
        return None
    return history_from(request, found, sums, _existed(customers, found.starts))


def history_from(
    request: CampaignRequest, stretches: Stretches, sums: Sums, existed: Sequence[Mask]
) -> History:
    """Return the history from the sums between the edges of stretches.

    `existed`: who had a transaction before each start: the first one of others is why they are
    customers at all, which no later stretch repeats.
    """
    days, edges = stretches.days, stretches.edges
    seen = _seen(sums, edges, stretches.starts, days)
    active = sum(
        int((transactions[known] > 0).sum())
        for (_, transactions), known in zip(seen, existed, strict=True)
    )
    is_new = active < _LEAST_ACTIVE
    if is_new:
        existed = [np.ones(len(known), np.bool_) for known in existed]
    earlier = _seen(sums, edges, stretches.starts_before, stretches.days_before)
    factor = request.days / days
    spreads = {
        measure: _longer(measure, _spread(measure, seen, earlier, existed), factor)
        for measure in MEASURES
    }
    return History(spreads, days, len(stretches.starts), is_new)


def _existed(customers: pa.Table, starts: Sequence[date]) -> list[Mask]:
    """Return who had a transaction before each start."""
    if "first_day" not in customers.column_names:
        return [np.ones(customers.num_rows, np.bool_) for _ in starts]
    unknown = pa.scalar(date.min, pa.date32())
    first = pc.fill_null(customers["first_day"].cast(pa.date32()), unknown)
    return [pc.less(first, pa.scalar(start, pa.date32())).to_numpy() for start in starts]


def _seen(
    sums: Sums, edges: Sequence[date], starts: Sequence[date], days: int
) -> list[tuple[Array, Array]]:
    """Return spend and transactions of each customer in the days from each start."""
    found = []
    for start in starts:
        columns = slice(edges.index(start), edges.index(start + timedelta(days=days)))
        parts = (sums.spend[:, columns], sums.transactions[:, columns])
        found.append((parts[0].sum(axis=1), parts[1].sum(axis=1)))
    return found


def values_of(measure: Measure, spend: Array, transactions: Array) -> Array:
    """Return a measure from spend and transactions."""
    if measure == SPEND:
        return spend
    return transactions if measure == TRANSACTIONS else (transactions > 0).astype(np.float64)


def _spread(
    measure: Measure,
    seen: Sequence[tuple[Array, Array]],
    earlier: Sequence[tuple[Array, Array]],
    existed: Sequence[Mask],
) -> Spread:
    """Return the spread within stretches: a season moves both arms alike."""
    total = count = squares = crossed = earlier_squares = cubes = 0.0
    for now, then, known in zip(seen, earlier, existed, strict=True):
        if not known.any():
            continue
        values, past = (values_of(measure, *one)[known] for one in (now, then))
        centred, past = values - values.mean(), past - past.mean()
        total, count = total + float(values.sum()), count + len(values)
        squares += float(centred @ centred)
        crossed += float(centred @ past)
        cubes += float((centred**3).sum())
        earlier_squares += float(past @ past)
    scale = np.sqrt(squares * earlier_squares)
    sd = float(np.sqrt(squares / max(count - len(seen), 1)))
    correlation = crossed / scale if scale > 0 else 0.0
    skewness = cubes / count / (squares / count) ** 1.5 if squares > 0 else 0.0
    return Spread(total / max(count, 1), sd, correlation, skewness)


def _longer(measure: Measure, found: Spread, factor: float) -> Spread:
    """Return the spread of a stretch that is longer by a factor.

    The part of the variance that is a customer's own grows with the square of the factor, the rest
    with the factor; their correlation stays.
    """
    if measure == ACTIVE:
        share = 1 - (1 - found.mean) ** factor
        return Spread(share, float(np.sqrt(share * (1 - share))), found.correlation, found.skewness)
    own = max(found.correlation, 0.0)
    sd = found.sd * float(np.sqrt(own * factor**2 + (1 - own) * factor))
    return Spread(found.mean * factor, sd, found.correlation, found.skewness)
