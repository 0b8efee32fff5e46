"""Notes on values that hardly any customer has."""

from collections.abc import Mapping
from typing import Any

from bankseg_assets.presentation.formatting import number
from bankseg_assets.scoring.bundle import DERIVED, Bundle
from bankseg_assets.scoring.explain.wording import written
from bankseg_assets.scoring.observed import outside

_DERIVED_LABELS = {"average_amount": "Average amount"}


def plausibility_notes(bundle: Bundle, known: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each known value, or average of them, that hardly any customer has.

    `known`: the inputs of one customer.
    """
    sentences = []
    for measure, (value, (low, high)) in outside(bundle, known).items():
        label = _DERIVED_LABELS.get(measure) or bundle.label(measure)
        asked = DERIVED.get(measure, (measure,))[0]
        ends = (number(end, bundle.number_format) for end in (low, high))
        sentences.append(
            f"{label}: {written(bundle, asked, value)}, while customers in the data have "
            f"{' to '.join(ends)}."
        )
    return sentences
