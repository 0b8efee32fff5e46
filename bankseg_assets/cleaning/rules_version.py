"""Version numbers of the rules for cleaning rows and computing customers.

Incremental runs keep earlier results while these numbers and the contract are the same. Raise the
number in the commit that changes any result; a change of speed, wording or structure alone does not
need it. `test_rules_version.py` pins results beside these numbers, and
fails when a result changes and the number does not.
"""

CLEANING_RULES = 4
"""Of cleaning/validation, amounts, deduplication, outliers, field_text, money_text, histograms and
repeated, of value_ranges and currencies, and of how a `ColumnRule` is read (delivery)."""

RFM_RULES = 3
"""Of the measures in customers/rfm (`customers`, `age_at`, `held_out`) and rfm_update."""

HOLDINGS_RULES = 1
"""Of products/holdings."""
