"""Documents of value_model, as a release has them."""

from typing import Any

from bankseg_assets.value.forecast import fit_value
from bankseg_assets.value.spending import amounts_of
from bankseg_assets_tests.value.simulated import simulate


def value_document(*, tested: bool = True) -> dict[str, Any]:
    """Return the document of customers as the models assume; if not `tested`, of a short span."""
    some = simulate(2_000)
    amounts = amounts_of(some.patterns.repeats + 1, some.spent)
    followed, span = (some.followed, 300) if tested else (None, 20)
    return fit_value(some.patterns, amounts, followed, span).to_json()
