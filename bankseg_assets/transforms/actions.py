"""What to do next for each segment: rules over its profile that a marketer can check.

A rule asks that measures be clearly high or low, compared with the typical customer. The rule with
the strongest evidence wins; two segments get the same action only where neither has another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any, Literal

from bankseg_assets.formatting import short
from bankseg_assets.suppression import SMALLEST_CELL

# Times the typical customer's, or as much below, to be called high or low. Money is spread over
# decades, days and transactions are not.
CLEAR = {"recency": 1.25, "frequency": 1.25, "average_amount": 1.5, "average_balance": 1.5}
MOST_EVIDENCE = 4.0  # of one measure: wealth beyond this must not drown the others

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """What to do for a segment whose measures are high (+1) or low (-1) like this."""

    when: Mapping[str, Literal[1, -1]]
    action: str
    channel: str


RULES = (
    Rule(
        {"average_balance": 1, "average_amount": 1},
        "Offer investment advice",
        "Appointment with an adviser",
    ),
    Rule({"average_balance": 1, "average_amount": -1}, "Offer a term deposit", "Branch or call"),
    Rule({"average_balance": 1, "frequency": -1}, "Offer a term deposit", "Branch or call"),
    Rule({"average_balance": 1}, "Offer a monthly investment plan", "Branch or app"),
    Rule({"recency": 1, "average_amount": 1}, "Call to win them back", "Personal call"),
    Rule({"recency": 1, "average_balance": 1}, "Ask what they miss", "Personal call"),
    Rule({"recency": 1}, "Remind them with a small reward", "Text message or e-mail"),
    Rule(
        {"frequency": 1, "average_amount": 1},
        "Offer a premium card, after a credit check",
        "App or call",
    ),
    Rule({"frequency": 1}, "Offer a card with cashback", "App"),
    Rule(
        {"average_amount": 1, "average_balance": -1},
        "Offer to pay in instalments, after a credit check",
        "App, after a large payment",
    ),
    Rule({"average_amount": 1}, "Offer a credit card, after a credit check", "App or text message"),
    Rule({"recency": -1, "frequency": -1}, "Welcome them and show the app", "E-mail or app"),
    Rule({"frequency": -1}, "Reward the next transaction", "Text message or e-mail"),
    Rule({"average_amount": -1, "average_balance": -1}, "Offer a small recurring deposit", "App"),
    Rule({"average_amount": -1}, "Invite them to pay their bills with the app", "App"),
    Rule({"average_balance": -1}, "Invite them to move their salary here", "App or branch"),
    Rule({"recency": -1}, "Ask how the last visit went", "App or text message"),
)
FALLBACK = Rule({}, "Serve them as usual, and keep in touch", "The usual channels")
TOO_FEW = Rule({}, "Leave them out of campaigns", "None")


def recommended_actions(
    profiles: Sequence[Row], currency: str, number_format: str
) -> list[dict[str, Any]]:
    """Return one RECOMMENDED_ACTIONS row a segment, in the order of the profiles.

    profiles: rows of SEGMENT_PROFILES. Of them, `median_*`, `index_*`, sizes and money are read.
    """
    typical = {name: _typical(profiles, name) for name in ("average_amount", "average_balance")}
    ratios = [_ratios(row, typical) for row in profiles]
    return [
        {
            "segment": row["segment"],
            "segment_name": row["segment_name"],
            "action": rule.action,
            "reason": _reason(row, rule, of_row, currency, number_format),
            "channel": rule.channel,
            "customers": row["customers"],
            "share_of_customers": row["share_of_customers"],
            "total_monetary": row["total_monetary"],
            "share_of_money": row["share_of_money"],
        }
        for row, rule, of_row in zip(profiles, _rules(profiles, ratios), ratios, strict=True)
    ]


def _typical(profiles: Sequence[Row], measure: str) -> float | None:
    """Return the geometric mean of the segments' medians, weighted by their customers.

    Not the mean of all customers, which a few rich ones lift above what nearly everybody has.
    """
    known = [
        (row["customers"], log(max(row[f"median_{measure}"], 1.0)))
        for row in profiles
        if row["customers"] and row[f"median_{measure}"] is not None
    ]
    customers = sum(count for count, _ in known)
    return exp(sum(count * value for count, value in known) / customers) if customers else None


def _ratios(row: Row, typical: Mapping[str, float | None]) -> dict[str, float]:
    """Return measure -> times the typical customer's; without what is not known."""
    found = {
        measure: max(row[f"index_{measure}"], 1.0) / 100
        for measure in ("recency", "frequency")
        if row[f"index_{measure}"] and row[f"median_{measure}"] is not None
    }
    for measure, usual in typical.items():
        if usual is not None and row[f"median_{measure}"] is not None:
            found[measure] = max(row[f"median_{measure}"], 1.0) / usual
    return found


def _evidence(rule: Rule, ratios: Mapping[str, float]) -> float:
    """Return how clearly a rule's conditions hold: at least 1 each, or 0 where one does not."""
    total = 0.0
    for measure, sign in rule.when.items():
        found = sign * log(ratios.get(measure, 1.0)) / log(CLEAR[measure])
        if found < 1:
            return 0.0
        total += min(found, MOST_EVIDENCE)
    return total


def _rules(profiles: Sequence[Row], ratios: Sequence[Mapping[str, float]]) -> list[Rule]:
    """Choose a rule for each segment: the strongest first, an action twice only in need."""
    found = [
        (evidence, segment, place)
        for segment, of_segment in enumerate(ratios)
        for place, rule in enumerate(RULES)
        if (evidence := _evidence(rule, of_segment))
    ]
    strongest = sorted(found, key=lambda one: (-one[0], one[1], one[2]))
    chosen: dict[int, Rule] = {}
    for only_new in (True, False):
        for _, segment, place in strongest:
            taken = {rule.action for rule in chosen.values()}
            if segment not in chosen and not (only_new and RULES[place].action in taken):
                chosen[segment] = RULES[place]
    return [
        chosen.get(segment, FALLBACK) if row["customers"] else TOO_FEW
        for segment, row in enumerate(profiles)
    ]


def _reason(
    row: Row, rule: Rule, ratios: Mapping[str, float], currency: str, number_format: str
) -> str:
    if rule is TOO_FEW:
        return f"Fewer than {SMALLEST_CELL} customers: too few for a campaign of their own."

    def money(value: float) -> str:
        return f"{currency} {short(value, number_format)}"

    brings = f"bring {row['share_of_money']:.0%} of the money ({money(row['total_monetary'])})"
    told = [_told(measure, row, ratios[measure], money) for measure in rule.when]
    if not told:
        return f"They {brings}, and nothing sets them clearly apart from the typical customer."
    return f"They {', '.join(told)}{',' if len(told) > 1 else ''} and {brings}."


def _told(measure: str, row: Row, ratio: float, money: Callable[[float], str]) -> str:
    if measure == "recency":
        when = "longer ago" if ratio > 1 else "more recent"
        return (
            f"made their last transaction about {row['median_recency']:.0f} days before the "
            f"snapshot ({abs(ratio - 1):.0%} {when} than the average)"
        )
    if measure == "frequency":
        often = "more often" if ratio > 1 else "less often"
        return f"transact {abs(ratio - 1):.0%} {often} than the average customer"
    does = "hold about {}" if measure == "average_balance" else "spend about {} at a time"
    times = f"{ratio:.1f} times" if ratio > 1 else f"{ratio:.0%} of"
    return f"{does.format(money(row[f'median_{measure}']))} ({times} the typical customer's)"
