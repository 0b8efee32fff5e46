"""What a release says about one customer: why the segment, what next, and what would change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bankseg_assets.campaigns.group_actions import GROUP_ACTIONS
from bankseg_assets.lookup.customer import Customer
from bankseg_assets.lookup.forecasts import forecasts_of
from bankseg_assets.lookup.history import PastSegment, history
from bankseg_assets.lookup.next_products import NextProduct, next_products
from bankseg_assets.presentation.formatting import probability
from bankseg_assets.privacy.objections import objection_notes
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.answers import SURE, answers
from bankseg_assets.scoring.bundle import DERIVED, Bundle
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.explain import smallest_change, why
from bankseg_assets.scoring.explain.smallest_change import Change

MAX_CHANGES = 3


@dataclass(frozen=True)
class Explanation:
    """The model's view of a customer's segment.

    `confidence`: the model's probability of that segment. `agrees`: it is the most likely one; if
    not, the customer is near a border. `changes`: the smallest that lead to another segment.
    """

    confidence: float
    agrees: bool
    sentence: str
    changes: Sequence[Change] = ()

    @property
    def sure(self) -> bool:
        """Whether the segment is probable enough to act on."""
        return self.confidence >= SURE


@dataclass(frozen=True)
class Portrait:
    """A customer with everything that a release says. `group_action`: of the RFM group."""

    customer: Customer
    segment: Segment
    explanation: Explanation
    group_action: str
    history: Sequence[PastSegment]
    products: Sequence[NextProduct]
    forecasts: Mapping[str, float]
    """Those that are known: see `forecasts.forecasts_of`."""
    objection: str = ""
    """Why nothing is recommended, such as an objection to marketing; else empty."""


def portrait(
    release: Release, bundle: Bundle, customer: Customer, releases: Sequence[Release]
) -> Portrait:
    """Return the portrait of a customer, without the months; `releases`: oldest first.

    Raises LookupFailedError.
    """
    group = GROUP_ACTIONS.get(customer.rfm_group)
    (objection,) = objection_notes(release.folder, [customer.customer_id])
    return Portrait(
        customer=customer,
        segment=segment_of(bundle, customer),
        explanation=explanation(bundle, customer),
        group_action=group.action if group and not objection else "",
        history=history(releases, release, customer),
        products=[] if objection else next_products(release, customer),
        forecasts=forecasts_of(release, customer),
        objection=objection,
    )


def segment_of(bundle: Bundle, customer: Customer) -> Segment:
    """Return the description of a customer's segment."""
    found = (one for one in bundle.segments if one.segment == customer.segment)
    return next(found, Segment(segment=customer.segment, name=customer.segment_name))


def known_inputs(bundle: Bundle, customer: Customer) -> dict[str, float]:
    """Return the customer's measures that the model uses.

    An average less than a cent below zero counts as zero where no measure may be negative.
    """
    return {
        name: value if bundle.may_be_negative(name) else max(value, 0.0)
        for name, value in customer.measures.items()
        if name in bundle.measures
    }


def explanation(bundle: Bundle, customer: Customer) -> Explanation:
    """Return why the customer is in the segment.

    The segment is that of the nearest centre; the model learned the segments, and is explained.
    """
    given = known_inputs(bundle, customer)
    found = answers(bundle, given)
    numbers = [segment.segment for segment in bundle.segments]
    place = numbers.index(customer.segment)
    confidence = float(found.probabilities[0, place])
    most_likely = int(found.places[0])
    if most_likely == place:
        changes = smallest_change(bundle, given)[:MAX_CHANGES]
        return Explanation(confidence, True, why(bundle, given).sentence, changes)
    own, other = bundle.segments[place].name, bundle.segments[most_likely].name
    likely = probability(float(found.confidence[0]))
    sentence = (
        f"The customer is near the border to {other}: the centre of {own} is the "
        f"nearest, but most customers with such measures are in {other} ({likely})."
    )
    return Explanation(confidence, False, sentence)


def position(segment: Segment, measure: str, value: float) -> str:
    """Return where a value is among those of the segment's customers; empty if unknown.

    >>> one = Segment(segment=0, name="A", quartiles={"recency": [10, 30]})
    >>> position(one, "recency", 5), position(one, "recency", 20), position(one, "recency", 31)
    ('lowest quarter', 'middle half', 'highest quarter')
    """
    low, high = (*segment.quartiles.get(measure, ()), None, None)[:2]
    if low is None or high is None:
        return ""
    return "lowest quarter" if value < low else "highest quarter" if value > high else "middle half"


def shown_measures(segment: Segment, measures: Mapping[str, float]) -> dict[str, float]:
    """Return the measures of the segment's profile that are known, derived ones included."""
    found = dict(measures)
    for name, (numerator, denominator) in DERIVED.items():
        if name not in found and {numerator, denominator} <= found.keys():
            found[name] = found[numerator] / max(found[denominator], 1.0)
    return {name: found[name] for name in segment.medians if name in found}
