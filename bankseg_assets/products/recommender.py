"""Product recommendations from a published model, in numpy, for any set of holdings.

A customer is folded into the factors of implicit ALS (Hu, Koren and Volinsky, Collaborative
Filtering for Implicit Feedback Datasets, 2008, equation 4, with Spark's regularisation, which grows
with the number of holdings). A product's preference is predicted without using whether the customer
holds it, and a logistic curve per product converts it to the probability to hold it. Without that,
ALS ranks worse than popularity: see docs/decisions/0013.

No Spark and no Dagster: only the model is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.arrays import Array

Holdings = npt.NDArray[np.bool_]

ALS = "als"
SEGMENT = "segment"
SCORE_DECIMALS = 4
NOT_A_CUSTOMER = -1  # the segment of holders who are not customers
_CHUNK = 8_192  # customers at a time: 250 products in 10 dimensions take 160 MB


@dataclass(frozen=True)
class Factors:
    """P products in r dimensions: factors (P, r); intercepts and slopes (P,) of the curves."""

    factors: Array
    alpha: float
    """A holding has weight 1 + alpha, a product that is not held 1."""
    regularization: float
    intercepts: Array
    slopes: Array

    def preferences(self, held: Holdings) -> Array:
        """Return ALS's own predictions (n, P), near 1 for held products."""
        return self._fold_in(held)[0]

    def preferences_unseen(self, held: Holdings) -> Array:
        """Return preferences (n, P), each predicted without the customer's holding of that product.

        In closed form, as for the prediction residuals of a ridge regression (Allen, 1974): with
        the leverage h of a product of weight w in the customer's own regression,
        (prediction - w h held) / (1 - w h).
        """
        predicted, leverage = self._fold_in(held)
        weighted = (1 + self.alpha * held) * leverage
        return (predicted - weighted * held) / (1 - weighted)

    def probabilities(self, held: Holdings) -> Array:
        """Return probabilities (n, P) to hold a product, given the other holdings."""
        logits = self.intercepts + self.slopes * self.preferences_unseen(held)
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float64)

    def _fold_in(self, held: Holdings) -> tuple[Array, Array]:
        """Return predictions (n, P) and leverages (n, P)."""
        products, rank = self.factors.shape
        outer = np.einsum("pa,pb->pab", self.factors, self.factors).reshape(products, -1)
        everywhere = self.factors.T @ self.factors
        predicted, leverage = np.empty(held.shape), np.empty(held.shape)
        for start in range(0, len(held), _CHUNK):
            rows = slice(start, start + _CHUNK)
            has = held[rows].astype(np.float64)
            ridge = self.regularization * np.maximum(has.sum(axis=1), 1)
            normal = everywhere + self.alpha * (has @ outer).reshape(-1, rank, rank)
            inverse = np.linalg.inv(normal + ridge[:, None, None] * np.eye(rank))
            reached = self.factors @ inverse  # (n, P, r)
            customers = np.einsum("nab,nb->na", inverse, (1 + self.alpha) * (has @ self.factors))
            predicted[rows] = customers @ self.factors.T
            leverage[rows] = np.einsum("npr,pr->np", reached, self.factors)
        return predicted, leverage


@dataclass(frozen=True)
class ProductModel:
    """The model of P products: names, shares of holders, and factors if there are any.

    shares (P,): of all holders. segment_shares: segment -> (P,) shares of its holders, shrunk
    towards the overall shares.
    """

    products: list[str]
    shares: Array
    segment_shares: Mapping[int, Array]
    factors: Factors | None

    def scores(self, segment: npt.NDArray[np.int64], held: Holdings) -> tuple[Array, Holdings]:
        """Return scores (n, P), and whether they are based on the customer's holdings (n,).

        segment (n,), held (n, P). Customers without holdings, or all if there are no factors, get
        the shares of the segment.
        """
        scores = self.popularity(segment)
        personal = np.asarray(held.any(axis=1) & (self.factors is not None), dtype=np.bool_)
        if self.factors is not None:
            scores[personal] = self.factors.probabilities(held[personal])
        return np.round(scores, SCORE_DECIMALS), personal

    def popularity(self, segment: npt.NDArray[np.int64]) -> Array:
        """Return the shares (n, P) of each customer's segment."""
        known = [self.segment_shares.get(int(one), self.shares) for one in segment]
        return np.array(known, dtype=np.float64).reshape(len(segment), len(self.products))

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain values."""
        found: dict[str, Any] = {
            "products": self.products,
            "shares": self.shares.tolist(),
            "segment_shares": {
                str(segment): shares.tolist() for segment, shares in self.segment_shares.items()
            },
            "factors": None,
        }
        if self.factors is not None:
            found["factors"] = {
                "factors": self.factors.factors.tolist(),
                "alpha": self.factors.alpha,
                "regularization": self.factors.regularization,
                "intercepts": self.factors.intercepts.tolist(),
                "slopes": self.factors.slopes.tolist(),
            }
        return found

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ProductModel":
        """Read what `to_json` wrote."""
        factors = document["factors"]
        arrays = ("factors", "intercepts", "slopes")
        return cls(
            products=list(document["products"]),
            shares=np.array(document["shares"], dtype=np.float64),
            segment_shares={
                int(segment): np.array(shares, dtype=np.float64)
                for segment, shares in document["segment_shares"].items()
            },
            factors=None
            if factors is None
            else Factors(
                **factors | {name: np.array(factors[name], dtype=np.float64) for name in arrays}
            ),
        )


def ranking(scores: Array, held: Holdings) -> npt.NDArray[np.int64]:
    """Return product indices (n, P), the best first and held ones last.

    Ties are resolved by popularity, which is the order of the products.
    """
    return np.argsort(np.where(held, np.inf, -scores), axis=1, kind="stable")
