"""Documents of value_model, as a release has them."""

from dataclasses import replace
from typing import Any

import numpy as np

from bankseg_assets.value.forecast import fit_value
from bankseg_assets.value.spending import amounts_of
from bankseg_assets_tests.value.simulated import simulate


def value_document(*, tested: bool = True, returning: float | None = None) -> dict[str, Any]:
    """Return the document of customers as the models assume; if not `tested`, of a short span.

    `returning`: the share of customers, drawn by chance, who come again; None: as by the models.
    """
    some = simulate(2_000)
    amounts = amounts_of(some.patterns.repeats + 1, some.spent)
    followed, span = (some.followed, 300) if tested else (None, 20)
    if followed and returning is not None:
        again = np.zeros(2_000)
        again[:: round(1 / returning)] = 1.0
        followed = replace(followed, days_after=again, spend_after=50 * again)
    return fit_value(some.patterns, amounts, followed, span).to_json()
