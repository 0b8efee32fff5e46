"""Gamma-Gamma: how much customers spend on a day with transactions.

Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013). The amounts of a customer are
Gamma(p, nu), and nu ~ Gamma(q, v). Amounts are assumed not to depend on the number of purchases.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.bg_nbd import FitError

_LEAST, _MOST = -12.0, 12.0
LEAST_Q = 1.01
"""With q at most 1, the mean over all customers is infinite."""


@dataclass(frozen=True)
class Amounts:
    """Distinct pairs of purchases and mean amount, each with its customers; shapes (n,).

    Both are above zero: customers whose refunds are greater than their purchases are not fitted.
    """

    purchases: Array
    mean: Array
    customers: Array


@dataclass(frozen=True)
class GammaGamma:
    """The parameters of a fitted model; v is in the currency of the amounts."""

    p: float
    q: float
    v: float

    def log_likelihood(self, amounts: Amounts) -> float:
        """Return the log-likelihood of all customers."""
        terms, _ = _log_likelihoods((self.p, self.q, self.v), amounts)
        return float(amounts.customers @ terms)

    def expected_mean(self, purchases: Array, mean: Array) -> Array:
        """Return the expected amount of a purchase, given those so far.

        Between the customer's own mean and that of all customers. A negative mean counts as 0.
        """
        total = self.v + purchases * np.maximum(mean, 0.0)
        found: Array = self.p * total / (self.p * purchases + self.q - 1)
        return found


def fit_gamma_gamma(amounts: Amounts) -> GammaGamma:
    """Return the model of greatest likelihood. Raises FitError."""
    from scipy.optimize import minimize  # half a second, for what most runs do not fit

    if not len(amounts.mean) or np.ptp(amounts.mean) == 0:
        raise FitError("There are no two customers who spend different amounts.")
    scale = float(np.average(amounts.mean, weights=amounts.customers))
    scaled = Amounts(amounts.purchases, amounts.mean / scale, amounts.customers)
    share = amounts.customers / amounts.customers.sum()

    def loss(logs: Array) -> tuple[float, Array]:
        p, q, v = parameters = np.exp(logs)
        terms, slopes = _log_likelihoods((p, q, v), scaled)
        return -float(share @ terms), -(slopes @ share) * parameters

    found = minimize(
        loss,
        np.log([2.0, 2.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_LEAST, _MOST), (np.log(LEAST_Q), _MOST), (_LEAST, _MOST)],
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8},
    )
    if not np.isfinite(found.fun):
        raise FitError("The likelihood of the amounts is not finite.")
    p, q, v = (float(value) for value in np.exp(found.x))
    return GammaGamma(p, q, v * scale)


def _log_likelihoods(
    parameters: tuple[float, float, float], amounts: Amounts
) -> tuple[Array, Array]:
    """Return the log-likelihood of each pair (n,), and its slopes by parameter (3, n)."""
    p, q, v = parameters
    n, mean = amounts.purchases, amounts.mean
    log_total = np.log(v + n * mean)
    log_sum = np.log(n) + np.log(mean)
    shape = p * n
    terms = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v)
    terms += shape * log_sum - np.log(mean) - (shape + q) * log_total
    slopes = np.array(
        [
            n * (digamma(shape + q) - digamma(shape) + log_sum - log_total),
            digamma(shape + q) - digamma(q) + np.log(v) - log_total,
            q / v - (shape + q) / (v + n * mean),
        ]
    )
    return terms, slopes
