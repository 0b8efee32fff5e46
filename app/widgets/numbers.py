"""Numbers and money in the format of the bank's contract."""

from dataclasses import dataclass

from bankseg_assets.presentation.disclosure import shown_count, shown_part
from bankseg_assets.presentation.formatting import PLAIN, money, number, quantity, short


@dataclass(frozen=True)
class Numbers:
    """A currency and a digit grouping (`formatting.PLAIN` or `LAKH`)."""

    currency: str = ""
    style: str = PLAIN

    def number(self, value: float) -> str:
        """Return a number with separators."""
        return number(value, self.style)

    def count(self, people: int | None) -> str:
        """Return a count of customers or transactions; small counts are hidden, and None is one."""
        return shown_count(people, self.style)

    def part(self, people: int | None) -> str:
        """Return a count of customers beside its whole; None is one that must not be shown."""
        return shown_part(people, self.style)

    def quantity(self, value: float, unit: str) -> str:
        """Return a number with its unit."""
        return quantity(value, unit, self.style)

    def short(self, value: float) -> str:
        """Return a number with three digits; large numbers in words."""
        return short(value, self.style)

    def money(self, value: float) -> str:
        """Return an amount with its currency."""
        return money(value, self.currency, self.style)

    def short_money(self, value: float) -> str:
        """Return a large amount in words: "INR 82.6 crore"."""
        return f"{self.currency} {short(value, self.style)}"
