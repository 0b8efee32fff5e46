"""BG/NBD: how often customers will purchase, and whether they still do.

Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005). While
active, a customer purchases at a rate lambda ~ Gamma(r, alpha), and after each purchase becomes
inactive with probability p ~ Beta(a, b).
"""

from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal
from scipy.special import digamma, gammaln

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.patterns import Patterns

NODES = 32
"""Of the quadrature over p: errors are below 1e-9 of the result."""
_LEAST, _MOST = -12.0, 12.0  # logarithms of parameters, time in units of the mean age
_STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.5, -1.5, -0.5, 1.0))
_TRIED = 5_000
_BLOCK = 20_000


class FitError(ValueError):
    """Raised when a model cannot be fitted; the message says why."""


@dataclass(frozen=True)
class BgNbd:
    """The parameters of a fitted model; alpha is in the units of the ages, such as days."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, patterns: Patterns) -> float:
        """Return the log-likelihood of all customers."""
        terms, _ = _log_likelihoods(np.array(astuple(self)), patterns)
        return float(patterns.customers @ terms)

    def p_alive(self, patterns: Patterns) -> Array:
        """Return the probability that a customer is still active.

        It is 1 without a repeat purchase: in this model, only a purchase makes inactive.
        """
        x, last, age = patterns.repeats, patterns.last, patterns.age
        odds_of_inactive = (
            np.log(self.a)
            - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + last))
        )
        found: Array = np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds_of_inactive, 700))), 1.0)
        return found

    def expected(self, patterns: Patterns, days: float) -> Array:
        """Return the expected number of purchases in the next days, given the history.

        The paper has a hypergeometric function, which overflows for hundreds of purchases. It is
        this integral over p: of (1 - (1 + p days / (alpha + T))^-(r + x)) / p, whose weight is
        Beta(a, b + x).
        """
        found = np.empty(len(patterns))
        for start in range(0, len(patterns), _BLOCK):
            part = slice(start, start + _BLOCK)
            x, age = patterns.repeats[part], patterns.age[part]
            distinct, places = np.unique(x, return_inverse=True)
            rules = [beta_quadrature(self.a, self.b + value) for value in distinct]
            nodes = np.array([rule[0] for rule in rules])[places]
            weights = np.array([rule[1] for rule in rules])[places]
            share = (days / (self.alpha + age))[:, None]
            each = -np.expm1(-(self.r + x)[:, None] * np.log1p(nodes * share)) / nodes
            found[part] = (weights * each).sum(axis=1)
        return found * self.p_alive(patterns)


def fit_bg_nbd(patterns: Patterns) -> BgNbd:
    """Return the model of greatest likelihood. Raises FitError."""
    if not (patterns.customers @ (patterns.repeats > 0)):
        raise FitError("No customer has transactions on two days.")
    scale = float(np.average(patterns.age, weights=patterns.customers))
    scaled = Patterns(
        patterns.repeats, patterns.last / scale, patterns.age / scale, patterns.customers
    )
    # The starts are tried on a sample: of 158,000 histories, this saves two of three seconds.
    sample = _every(scaled, max(1, len(scaled) // _TRIED))
    best = min((_maximized(sample, start) for start in _STARTS), key=lambda one: one[0])
    loss, logs = best if len(sample) == len(scaled) else _maximized(scaled, best[1])
    if not np.isfinite(loss):
        raise FitError("The likelihood of the histories is not finite.")
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    return BgNbd(r, alpha * scale, a, b)


def _every(patterns: Patterns, step: int) -> Patterns:
    """Return every nth pattern."""
    part = slice(None, None, step)
    return Patterns(
        patterns.repeats[part], patterns.last[part], patterns.age[part], patterns.customers[part]
    )


def _maximized(patterns: Patterns, start: npt.ArrayLike) -> tuple[float, Array]:
    """Return the least loss per customer, and the logarithms of the parameters there."""
    from scipy.optimize import minimize  # half a second, for what most runs do not fit

    share = patterns.customers / patterns.customers.sum()

    def loss(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        terms, slopes = _log_likelihoods(parameters, patterns)
        return -float(share @ terms), -(slopes @ share) * parameters

    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(_LEAST, _MOST)] * 4,
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8},
    )
    return float(found.fun), found.x


# One for each number of purchases, for three horizons and two snapshots.
@lru_cache(maxsize=4096)
def beta_quadrature(a: float, b: float) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Jacobi quadrature whose weight is Beta(a, b).

    By eigenvalues of the recurrence (Golub and Welsch 1969). scipy's roots_jacobi scales by 2^b,
    which overflows for 1,000 purchases.
    """
    k = np.arange(1, NODES, dtype=np.float64)
    total = a + b
    # On (0, 1), with alpha = b - 1 and beta = a - 1 in the usual notation.
    middle = (a * (total - 2) + 2 * k * (k + total - 1)) / ((2 * k + total) * (2 * k + total - 2))
    diagonal = np.concatenate([[a / total], middle])
    first = a * b / (total**2 * (total + 1))  # the general formula is 0 / 0 for a + b = 1
    k = k[1:]
    rest = k * (k + a - 1) * (k + b - 1) * (k + total - 2)
    rest /= (2 * k + total - 3) * (2 * k + total - 2) ** 2 * (2 * k + total - 1)
    square = np.concatenate([[first], rest])
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(square))
    return np.maximum(nodes, np.finfo(float).tiny), vectors[0] ** 2


def _log_likelihoods(
    parameters: npt.NDArray[np.float64], patterns: Patterns
) -> tuple[Array, Array]:
    """Return the log-likelihood of each pattern (n,), and its slopes by parameter (4, n)."""
    r, alpha, a, b = parameters
    x, last, age = patterns.repeats, patterns.last, patterns.age
    repeats = x > 0
    after = np.log(alpha + age)
    at_last = np.log(alpha + last)
    alive = -(r + x) * after
    before = b + np.maximum(x, 1) - 1
    inactive = np.where(repeats, np.log(a) - np.log(before) - (r + x) * at_last, -np.inf)
    either = np.logaddexp(alive, inactive)
    share = np.exp(alive - either)
    rest = 1 - share
    # Gamma functions are the cost, and depend on x alone, which has few values.
    n, places = patterns.distinct_repeats
    of_x = gammaln(r + n) - gammaln(r) + r * np.log(alpha)
    of_x += gammaln(a + b) + gammaln(b + n) - gammaln(b) - gammaln(a + b + n)
    slope_r = (digamma(r + n) - digamma(r) + np.log(alpha))[places]
    slope_ab = digamma(a + b) - digamma(a + b + n)
    slope_b = (slope_ab + digamma(b + n) - digamma(b))[places]
    slopes = np.array(
        [
            slope_r - share * after - rest * at_last,
            r / alpha - (r + x) * (share / (alpha + age) + rest / (alpha + last)),
            slope_ab[places] + rest / a,
            slope_b - rest / before,
        ]
    )
    return of_x[places] + either, slopes
