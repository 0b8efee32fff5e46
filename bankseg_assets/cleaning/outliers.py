"""Flag unusual amounts and balances; no row is dropped for them.

The fences are computed per delivery. Fences over all rows would move with every new file, and every
earlier row would have to be rewritten.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.value_ranges import amount_range, money_range
from bankseg_assets.stats.histograms import histograms_by, log_bin, quantiles

TUKEY_FACTOR = 1.5
FEWEST_ROWS = 100  # quartiles of fewer are meaningless
MEASURES = ("amount", "balance")


@dataclass(frozen=True)
class Fences:
    """Tukey's fences for one measure, in currency: values outside are flagged.

    On the signed logarithm sign(x) ln(1 + |x|): amounts are log-normal, and on the plain scale 11 %
    of them would be outside. Refunds and overdrafts have a logarithm, too.
    """

    low: float
    high: float


def outlier_fences(measures: DataFrame, contract: DeliveryContract) -> dict[str, dict[str, Fences]]:
    """Return delivery -> measure -> Q1 - 1.5 IQR and Q3 + 1.5 IQR of the signed logarithm.

    `measures`: `delivery, amount, balance`, before or after validation.
    Uses all values in the contract's range. Rows quarantined for other reasons are too few to move
    a quartile, and excluding them would mean applying every rule twice. A delivery with fewer than
    100 values of a measure has no fences for it.
    """
    ranges = {"amount": amount_range(contract)}
    if (rule := contract.columns.get("balance")) is not None:
        ranges["balance"] = money_range(rule)
    bins = {
        name: log_bin(F.when(F.col(name).between(*map(F.lit, limits)), F.col(name)))
        for name, limits in ranges.items()
    }
    found = histograms_by(measures, F.col("delivery"), bins)
    return {
        str(delivery): {
            name: _tukey(counts)
            for name, counts in of_delivery.items()
            if sum(counts.values()) >= FEWEST_ROWS
        }
        for delivery, of_delivery in found.items()
    }


def outlier_flags(fences: Mapping[str, Mapping[str, Fences]]) -> Column:
    """Return the flags of a row, such as `amount_high,balance_low`; null for none."""
    flags: list[Column] = []
    for name in MEASURES:
        value = F.col(name).cast("double")
        low = _of_delivery({d: found[name].low for d, found in fences.items() if name in found})
        high = _of_delivery({d: found[name].high for d, found in fences.items() if name in found})
        flags.append(F.when(value < low, f"{name}_low").when(value > high, f"{name}_high"))
    return F.nullif(F.concat_ws(",", *flags), F.lit(""))


def _of_delivery(values: Mapping[str, float]) -> Column:
    """Return the value of the row's delivery; null if there is none."""
    if not values:
        return F.lit(None).cast("double")
    if len(values) == 1:
        ((delivery, value),) = values.items()
        return F.when(F.col("delivery") == delivery, F.lit(value))
    pairs = [F.lit(part) for pair in values.items() for part in pair]
    return F.element_at(F.create_map(*pairs), F.col("delivery"))


def _tukey(histogram: Mapping[int, int]) -> Fences:
    first, third = (signed_log1p(value) for value in quantiles(histogram, [0.25, 0.75]))
    reach = TUKEY_FACTOR * (third - first)
    return Fences(low=signed_expm1(first - reach), high=signed_expm1(third + reach))


def signed_log1p(value: float) -> float:
    """Return sign(x) ln(1 + |x|)."""
    return math.copysign(math.log1p(abs(value)), value)


def signed_expm1(logarithm: float) -> float:
    """Return the inverse of `signed_log1p`."""
    return math.copysign(math.expm1(abs(logarithm)), logarithm)
