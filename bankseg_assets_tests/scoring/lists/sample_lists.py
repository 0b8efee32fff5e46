"""A model of two inputs with manually computed answers.

Its features are the logarithms of the number of transactions and of their average amount.
ONCE transacted once, e^5.75: at the centre of segment 0, (-0.4, -0.3), which has half of the
customers. Segment 2, with a fifth of them, is 2 away along the second axis, where the variance is
0.3: exp(-2^2 / 0.6) = 0.001273. So P(0) = 0.5 / (0.5 + 0.2 * 0.001273); segment 1 has 1e-10.
Without known inputs, the answer is the prior: 0.5 for segment 0.
"""

from typing import Any

from bankseg_assets.scoring.bundle import Bundle, bundle_from
from bankseg_assets.scoring.documents import NumberInput, TextInput
from bankseg_assets_tests.app.publishing import INPUTS as APP_INPUTS
from bankseg_assets_tests.app.publishing import model

FORM_INPUTS: list[dict[str, Any]] = [
    APP_INPUTS[0],
    {
        "measure": "monetary",
        "label": "Sum of the amounts",
        "unit": "INR",
        "help": "Over all these transactions",
        "minimum": 0,
        "maximum": 2_000_000,
        "default": 459,
        "step": 10,
    },
]
INPUTS = [NumberInput(**one) for one in FORM_INPUTS]
FREQUENCY, MONETARY = INPUTS
GENDER = TextInput(measure="gender", label="Gender", help="As the bank has it")
"""An input that is a text."""
ONCE = {"frequency": 1, "monetary": 314.19066}
ONCE_CONFIDENCE = 0.999491


def bundle() -> Bundle:
    """Return the model."""
    return bundle_from(model(inputs=FORM_INPUTS))
