"""What the interval of a look says, in one of five verdicts."""

from bankseg_assets.campaigns.planning import POWER
from bankseg_assets.campaigns.results import (
    HARMED,
    NO_EFFECT,
    TOO_EARLY,
    TOO_FEW,
    WORKED,
    Verdict,
)
from bankseg_assets.stats.power import detectable
from bankseg_assets.stats.two_arms import Difference


def verdict_of(found: Difference, alpha: float, worthwhile: float, *, is_last: bool) -> Verdict:
    """Return the verdict of a look at a level.

    Without an effect, the last look says whether one that is worthwhile, as a share of the mean of
    the customers held out, would have been found with a power of 80 %. Where the values are too
    skewed for the size of the arms, nothing is decided.
    """
    if not found.is_near_normal:
        return TOO_FEW if is_last else TOO_EARLY
    low, high = found.interval(alpha)
    if low > 0:
        return WORKED
    if high < 0:
        return HARMED
    if not is_last:
        return TOO_EARLY
    smallest = detectable(found.standard_error, alpha=alpha, power=POWER)
    usual = found.means[1]
    return NO_EFFECT if usual > 0 and smallest <= worthwhile * usual else TOO_FEW
