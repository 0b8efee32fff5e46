"""Candidate features for segmentation; the data or the contract selects among them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """An input of the model: a transform of one measure, and its weight after scaling.

    Transforms: `identity`; `cap`, min(x, parameter); `log_offset`, ln(max(x, 0) + parameter), for
    non-negative measures; `signed_log`, sign(x) ln(1 + |x| / parameter), for others (overdrafts,
    refunds). The parameter of both logarithms is the lower quintile of the measure's absolute
    value, fitted with the model, which makes them independent of the currency.
    """

    name: str
    measure: str
    transform: str
    parameter: float = 0.0
    weight: float = 1.0
    reason: str = ""


LOG_OFFSET = "log_offset"
SIGNED_LOG = "signed_log"
_RECENCY = "days; half weight, or they would split customers with the same number of transactions"
_AVERAGE = "log-normal; independent of the number of transactions"
_CATALOGUE = (
    Feature("recency", "recency", "identity", weight=0.5, reason=_RECENCY),
    Feature("repeat", "frequency", "cap", 2.0, reason="one or more than one: the only natural gap"),
    Feature("capped_frequency", "frequency", "cap", 3.0, reason="three or more is one class"),
    Feature("log_frequency", "frequency", LOG_OFFSET, reason="the whole tail of frequency"),
    Feature("log_average_amount", "average_amount", LOG_OFFSET, reason=_AVERAGE),
    Feature("log_monetary", "monetary", LOG_OFFSET, reason="log-normal"),
    Feature("log_average_balance", "average_balance", LOG_OFFSET, reason="log-normal"),
)
FEATURES: dict[str, Feature] = {feature.name: feature for feature in _CATALOGUE}
"""Every feature that can be used; which of them are is chosen from the data or named in a run."""
