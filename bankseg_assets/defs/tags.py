"""Tags of runs that more than one module reads."""

REFIT_TAG = "bankseg/refit_of"
"""The model that a run refits."""
