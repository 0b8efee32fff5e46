"""Recommend an action per segment, by rules over its profile that a marketer can check.

A rule requires measures to be clearly high or low, compared with the typical customer. The rule
with the strongest evidence wins; two segments get the same action only if neither has another.
Nothing is sold to customers who are overdrawn, or who get back more than they spend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import copysign, expm1, log, log1p
from typing import Any, Literal

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.presentation.formatting import short
from bankseg_assets.presentation.phrases import (
    MoneyText,
    days,
    knows_direction,
    money_brought,
    whole_percent,
)
from bankseg_assets.segmentation.segment_words import QUIET_DAYS, RECENT_DAYS

# Factor above or below the typical customer at which a measure is high or low. Money spans several
# orders of magnitude, days and transactions do not.
CLEAR = {"recency": 1.25, "frequency": 1.25, "average_amount": 1.5, "average_balance": 1.5}
MOST_EVIDENCE = 4.0  # evidence of one measure: extreme wealth must not dominate the others

INVITE_SALARY = "Invite them to move their salary here"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """The action for a segment whose measures are high (+1) or low (-1) as given."""

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
    Rule({"average_balance": -1}, INVITE_SALARY, "App or branch"),
    Rule({"recency": -1}, "Ask how the last visit went", "App or text message"),
)
FALLBACK = Rule({}, "Serve them as usual, and keep in touch", "The usual channels")
TOO_FEW = Rule({}, "Leave them out of campaigns", "None")
OVERDRAWN = Rule(
    {"average_balance": -1}, "Offer help with the overdraft", "Personal call or letter"
)
REFUNDED = Rule({"average_amount": -1}, "Ask what they send back, and why", "Survey or e-mail")
MONEY = ("average_amount", "average_balance")
SPEND = "spend about {} at a time"
TWICE = 2.0


def recommended_actions(
    profiles: Sequence[Row], currency: str, number_format: str
) -> list[dict[str, Any]]:
    """Return one RECOMMENDED_ACTIONS row per segment, in the order of the profiles.

    profiles: rows of SEGMENT_PROFILES. Of them, `median_*`, `index_*`, sizes and money are read.
    """

    def money(value: float) -> str:
        return f"{currency} {short(value, number_format)}"

    typical = {name: _typical(profiles, name) for name in MONEY}
    distances = [_distances(row, typical) for row in profiles]
    return [
        {
            "segment": row["segment"],
            "segment_name": row["segment_name"],
            "action": rule.action,
            "reason": _reason(row, rule, typical, money),
            "channel": rule.channel,
            "customers": row["customers"],
            "share_of_customers": row["share_of_customers"],
            "total_monetary": row["total_monetary"],
            "share_of_money": row["share_of_money"],
        }
        for row, rule in zip(profiles, _rules(profiles, distances), strict=True)
    ]


def _typical(profiles: Sequence[Row], measure: str) -> float | None:
    """Return the geometric mean of the segments' medians, weighted by their customers.

    Not the mean of all customers, which a few rich ones raise above nearly all others. If a median
    is negative, the median of the medians: logarithms of both signs would cancel out.
    """
    known = sorted(
        (row[f"median_{measure}"], row["customers"])
        for row in profiles
        if row["customers"] and row[f"median_{measure}"] is not None
    )
    customers = sum(count for _, count in known)
    if not customers:
        return None
    if known[0][0] < 0:
        reached = accumulate(count for _, count in known)
        middle = next(place for place, count in enumerate(reached) if 2 * count >= customers)
        return float(known[middle][0])
    return expm1(sum(count * log1p(value) for value, count in known) / customers)


def _signed_log(value: float) -> float:
    """Return sign(x) ln(1 + |x|), which is defined for overdrafts and refunds too."""
    return copysign(log1p(abs(value)), value)


def _distances(row: Row, typical: Mapping[str, float | None]) -> dict[str, float]:
    """Return measure -> logarithm of the ratio to the typical customer.

    Unknown measures are omitted, and so is a last visit that is not recent, or not long ago, in
    absolute days.
    """
    found = {
        measure: log(max(row[f"index_{measure}"], 1.0) / 100)
        for measure in ("recency", "frequency")
        if row[f"index_{measure}"] and row[f"median_{measure}"] is not None
    }
    if "recency" in found:
        ago = row["median_recency"]
        is_said = ago >= QUIET_DAYS if found["recency"] > 0 else ago <= RECENT_DAYS
        found["recency"] *= is_said
    for measure, usual in typical.items():
        if usual is not None and row[f"median_{measure}"] is not None:
            found[measure] = _signed_log(row[f"median_{measure}"]) - _signed_log(usual)
    return found


def _evidence(rule: Rule, distances: Mapping[str, float]) -> float:
    """Return how clearly a rule's conditions hold: at least 1 each, or 0 if one does not."""
    total = 0.0
    for measure, sign in rule.when.items():
        found = sign * distances.get(measure, 0.0) / log(CLEAR[measure])
        if found < 1:
            return 0.0
        total += min(found, MOST_EVIDENCE)
    return total


def _rules(profiles: Sequence[Row], distances: Sequence[Mapping[str, float]]) -> list[Rule]:
    """Choose a rule per segment, strongest first; repeat an action only if nothing else fits."""
    chosen = {
        segment: rule
        for segment, row in enumerate(profiles)
        if (rule := _overriding_rule(row)) is not None
    }
    found = [
        (evidence, segment, place)
        for segment, of_segment in enumerate(distances)
        for place, rule in enumerate(RULES)
        if (evidence := _evidence(rule, of_segment)) and _suits(rule, profiles[segment])
    ]
    strongest = sorted(found, key=lambda one: (-one[0], one[1], one[2]))
    for only_new in (True, False):
        for _, segment, place in strongest:
            taken = {rule.action for rule in chosen.values()}
            if segment not in chosen and not (only_new and RULES[place].action in taken):
                chosen[segment] = RULES[place]
    return [chosen.get(segment, FALLBACK) for segment in range(len(profiles))]


def _suits(rule: Rule, row: Row) -> bool:
    """Return False if the typical member already does what the action invites to."""
    return rule.action != INVITE_SALARY or not (row.get("median_income") or 0) > 0


def _overriding_rule(row: Row) -> Rule | None:
    """Return the action that applies regardless of the rules."""
    if not row["customers"]:
        return TOO_FEW
    if (row["median_average_balance"] or 0) < 0:
        return OVERDRAWN
    return REFUNDED if (row["median_average_amount"] or 0) < 0 else None


def _reason(row: Row, rule: Rule, typical: Mapping[str, float | None], money: MoneyText) -> str:
    if rule is TOO_FEW:
        return f"Fewer than {SMALLEST_CELL} customers: too few for a separate campaign."
    brings = money_brought(
        row["share_of_money"],
        row["total_monetary"],
        money,
        direction_known=knows_direction(row),
    )
    facts = [_comparison(measure, row, typical, money) for measure in rule.when]
    if not facts and row["share_of_customers"] == 1:
        return f"They are all customers, and {brings}."
    if not facts:
        return f"They {brings}, and do not differ clearly from the typical customer."
    return f"They {', '.join(facts)}{',' if len(facts) > 1 else ''} and {brings}."


def _comparison(
    measure: str, row: Row, typical: Mapping[str, float | None], money: MoneyText
) -> str:
    if measure == "recency":
        compared = _against_average(row["index_recency"], "long ago", "longer ago", "more recent")
        did = "last spent" if knows_direction(row) else "made their last transaction"
        return (
            f"{did} about {days(row['median_recency'])} before the snapshot "
            f"({compared} the average)"
        )
    if measure == "frequency":
        compared = _against_average(row["index_frequency"], "often", "more often", "less often")
        does = "spend" if knows_direction(row) else "transact"
        return f"{does} {compared} the average customer"
    value = row[f"median_{measure}"]
    if measure == "average_balance":
        does = "are overdrawn by about {}" if value < 0 else "hold about {}"
    else:
        does = "typically get back about {} a transaction" if value < 0 else SPEND
    if not value:
        does = does.replace("about ", "")
    return does.format(money(abs(value))) + _against_typical(value, typical[measure])


def _against_average(index: float, much: str, more: str, less: str) -> str:
    ratio = index / 100
    if ratio >= TWICE:
        return f"{ratio:,.1f} times as {much} as"
    return f"{whole_percent(abs(ratio - 1))} {more if ratio > 1 else less} than"


def _against_typical(value: float, usual: float | None) -> str:
    """Return the comparison in brackets; empty if one of the two is not positive."""
    if usual is None or min(value, usual) <= 0:
        return ""
    ratio = value / usual
    times = f"{ratio:,.1f} times" if ratio > 1 else f"{whole_percent(ratio)} of"
    return f" ({times} the typical customer's)"
