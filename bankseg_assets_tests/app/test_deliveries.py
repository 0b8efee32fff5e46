"""What became of the rows that came, in words."""

from collections import Counter

from app.deliveries import reasons_table
from app.numbers import Numbers
from bankseg_assets.formatting import LAKH


def test_a_reason_is_told_in_words_and_a_few_rows_are_not_counted() -> None:
    aside = Counter(
        {("quarantined", "conflicting_duplicate"): 5888, ("duplicate", "same_content"): 3}
    )
    assert reasons_table(581994, aside, Numbers("INR", LAKH)).to_numpy().tolist() == [
        ["Kept", "", "5,81,994"],
        ["Quarantined", "Conflicting duplicate", "5,888"],
        ["Duplicate", "Same content", "<11"],
    ]
