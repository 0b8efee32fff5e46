"""Summarize a model's quality in a few words, for the app, lists and the command line."""

from bankseg_assets.presentation.formatting import percent
from bankseg_assets.scoring.bundle import Bundle


def was_held_out(bundle: Bundle) -> bool:
    """Return whether quality was measured on held-out customers.

    Data with too few customers are not split.
    """
    return bundle.metrics.get("n_held_out") != 0


def quality(bundle: Bundle) -> str:
    """Return the weighted F1 and the customers it was measured on; empty for one segment."""
    if len(bundle.segments) == 1 or "f1_weighted" not in bundle.metrics:
        return ""
    whom = "held-out customers" if was_held_out(bundle) else "the model's own customers"
    return f"F1 on {whom} {percent(bundle.metrics['f1_weighted'])}"
