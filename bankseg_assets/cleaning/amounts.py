"""Compute a transaction's amount and direction from the columns that a bank delivers.

Sources: one signed amount, debits and credits, or quantity times price; in the contract's currency
or the row's; the direction by column, by sign or by a separate column. In the result, spending and
income are both positive, and a negative value is a reversal of its kind.

A contract with only an amount column needs no expression of this module.
"""

from decimal import Context, Decimal
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.money_text import RowCurrency
from bankseg_assets.contracts.currencies import decimals as decimals_of
from bankseg_assets.contracts.currencies import signs
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import INCOME, MONEY_DIGITS, SPENDING, money_type
from bankseg_assets.contracts.value_ranges import GREATEST_MONEY

SIDES = ("debit", "credit")
QUANTITY, UNIT_PRICE = "quantity", "unit_price"

# For any currency: 15 digits before the point, as for every amount.
_WIDE = "decimal(19,4)"
_EXACT = "decimal(38,10)"
# The product is exact: Spark's widest decimal has 38 digits.
_FACTORS = {QUANTITY: (8, "decimal(18,8)"), UNIT_PRICE: (6, "decimal(19,6)")}
"""Column -> the decimals that it may have, and its type. Shares have 8, fuel and power up to 6."""

Fault = tuple[str, Column]
"""A reason, and whether a row breaks its rule."""


def money_columns(contract: DeliveryContract) -> list[str]:
    """Return our columns that hold numbers, in order; `amount` may be a computed one."""
    named = [name for name in (*SIDES, QUANTITY, UNIT_PRICE) if name in contract.columns]
    return ["balance", *named, *(["amount"] if "amount" in contract.columns else [])]


def number_format(name: str, contract: DeliveryContract) -> tuple[int, str]:
    """Return the maximum number of decimals of a column, and its Spark type."""
    if name in _FACTORS:
        return _FACTORS[name]
    if _is_converted(name, contract):
        # The row's currency limits it, too: see `too_many_decimals`.
        codes = _rates(contract.columns["currency"])
        return max(contract.decimals, *map(decimals_of, codes), 0), _WIDE
    return contract.decimals, money_type(contract.decimals)


def row_currency(name: str, contract: DeliveryContract, code: Column) -> RowCurrency | None:
    """Return the currency marks allowed beside a column's numbers, by the row's currency.

    None if only the contract's currency is allowed. `code`: the row's, in upper case.
    """
    rule = contract.columns.get("currency")
    is_price = name == UNIT_PRICE and rule is not None and "amount" in rule.converts
    if rule is None or not rule.rates or not (is_price or _is_converted(name, contract)):
        return None
    own = (*signs(contract.currency), *contract.currency_symbols)
    return RowCurrency(
        code,
        {
            **dict.fromkeys(("", *_own(contract)), own),
            **{other: signs(other) for other in _rates(rule)},
        },
    )


def value_name(name: str, contract: DeliveryContract) -> str:
    """Return the column of the parsed number; the computed value has the plain name."""
    return f"_read_{name}" if _is_changed(name, contract) else name


def computed(contract: DeliveryContract) -> list[dict[str, Column]]:
    """Return the columns computed from the parsed numbers, as a list of steps."""
    kind = money_type(contract.decimals)
    changed = {
        name: _changed(name, contract).try_cast(kind)
        for name in money_columns(contract)
        if _is_changed(name, contract)
    }
    steps = [changed] if changed else []
    sides = [name for name in SIDES if name in contract.columns]
    if sides:
        chosen = [F.when(_is_used(name), F.col(name)) for name in sides]
        steps.append({"amount": F.coalesce(*chosen, *(F.col(name) for name in sides))})
    elif QUANTITY in contract.columns:
        product = F.try_multiply(F.col(QUANTITY), F.col(UNIT_PRICE))
        steps.append({"amount": _rounded(_converted(product, "amount", contract), contract)})
    if (direction := _direction(contract, sides)) is not None:
        steps.append({"direction": direction})
    rule = contract.columns.get("amount")
    if rule is not None and rule.negative:
        steps.append({"amount": F.abs("amount")})
    return steps


def has_direction(contract: DeliveryContract) -> bool:
    """Return whether the contract distinguishes spending from income."""
    amount = contract.columns.get("amount")
    by_column = any(name in contract.columns for name in (*SIDES, "direction"))
    return by_column or (amount is not None and bool(amount.negative or amount.spending))


def currency_faults(contract: DeliveryContract) -> list[Fault]:
    """Return the rules for the column of the row's currency."""
    rule = contract.columns.get("currency")
    if rule is None:
        return []
    code = F.col("_currency")
    found = [] if rule.nullable else [("missing_currency", code == "")]
    is_other = ~code.isin("", *_own(contract), *_rates(rule))
    return [*found, *((f"{name}_in_other_currency", is_other) for name in rule.converts[:1])]


def too_many_decimals(name: str, contract: DeliveryContract) -> Column | None:
    """Return whether a number has more decimals than the row's currency allows, or None.

    None if a single limit holds for all rows: it is applied when the text is read.
    """
    if not _is_converted(name, contract):
        return None
    most, _ = number_format(name, contract)
    codes: dict[int, list[str]] = {}
    for other in _rates(contract.columns["currency"]):
        codes.setdefault(decimals_of(other), []).append(other)
    value, code = F.col(value_name(name, contract)), F.col("_currency")
    found = [
        code.isin(*named) & (value != F.round(value, number))
        for number, named in sorted(codes.items())
        if number < most
    ]
    if contract.decimals < most:
        own = code.isin("", *_own(contract))
        found.append(own & (value != F.round(value, contract.decimals)))
    return reduce(or_, found) if found else None


def is_unused(name: str, contract: DeliveryContract) -> Column | None:
    """Return whether a zero only fills the side without the amount; None if not a side."""
    others = [side for side in SIDES if side != name and side in contract.columns]
    if name not in SIDES or not others:
        return None
    return F.coalesce(F.col(name) == 0, F.lit(False)) & _is_used(others[0])


def side_faults(contract: DeliveryContract) -> list[Fault]:
    """Return the rules for debit and credit together: exactly one has a value."""
    sides = [name for name in SIDES if name in contract.columns]
    if not sides:
        return []
    used = [_is_used(name) for name in sides]
    # Zeros in both mean two unused columns; a zero beside an empty field is an amount of zero.
    zeros = [F.col(name) == 0 for name in sides]
    empty = [F.col(name).isNull() for name in sides]
    missing = ~reduce(or_, used) & (_all(empty) | (_all(zeros) if len(sides) > 1 else F.lit(False)))
    both = [("debit_and_credit", _all(used))] if len(sides) > 1 else []
    return [*both, ("missing_amount", missing)]


def product_faults(contract: DeliveryContract) -> list[Fault]:
    """Return the rule for quantity times price: a product too large for an amount is invalid."""
    if QUANTITY not in contract.columns:
        return []
    amount, limit = F.col("amount"), F.lit(GREATEST_MONEY)
    return [("implausible_amount", amount.isNull() | ~amount.between(-limit, limit))]


def direction_faults(contract: DeliveryContract) -> list[Fault]:
    """Return the rule for the column, or word beside the amount, that gives the direction.

    Only a nullable column may be empty; the direction is then unknown, and counts as spending. An
    amount with an unknown word beside it is invalid.
    """
    rule, amount = contract.columns.get("direction"), contract.columns.get("amount")
    if amount is not None and amount.spending:
        value = F.col(value_name("amount", contract))
        return [("invalid_direction", value.isNotNull() & F.col("direction").isNull())]
    if rule is None:
        return []
    is_empty = F.col("_direction") == ""
    unknown = F.col("direction").isNull()
    return [("invalid_direction", unknown & ~is_empty if rule.nullable else unknown)]


def _direction(contract: DeliveryContract, sides: list[str]) -> Column | None:
    rule, amount = contract.columns.get("direction"), contract.columns.get("amount")
    if amount is not None and amount.spending:
        by_word = _by_word(amount)
        return F.when(by_word == _by_sign(amount, by_word), by_word) if amount.negative else by_word
    if rule is not None:
        return _by_word(rule)
    if sides:
        kinds = {name: SPENDING if name == contract.spending else INCOME for name in sides}
        found = F.lit(None).cast("string")
        for name in reversed(sides):
            found = F.when(_is_used(name), kinds[name]).otherwise(found)
        # A zero amount, which uses no side, belongs to the side that holds it.
        zeros = [F.when(F.col(name).isNotNull(), kinds[name]) for name in sides]
        return F.coalesce(found, *zeros)
    if amount is not None and amount.negative:
        return _by_sign(amount, F.lit(SPENDING))
    return None


def _by_word(rule: ColumnRule) -> Column:
    word = F.col("_direction")
    known = F.when(word.isin(*_words(rule.spending)), SPENDING)
    return known.when(word.isin(*_words(rule.income)), INCOME)


def _by_sign(rule: ColumnRule, of_zero: Column) -> Column:
    other = INCOME if rule.negative == SPENDING else SPENDING
    value = F.col("amount")
    below, above = F.when(value < 0, rule.negative), F.when(value > 0, other)
    return F.coalesce(below, above, F.when(value == 0, of_zero))


def _is_used(side: str) -> Column:
    return F.coalesce(F.col(side) != 0, F.lit(False))


def _is_changed(name: str, contract: DeliveryContract) -> bool:
    is_negated = name in contract.columns and contract.columns[name].negated
    return name not in _FACTORS and (is_negated or _is_converted(name, contract))


def _is_converted(name: str, contract: DeliveryContract) -> bool:
    rule = contract.columns.get("currency")
    if rule is None or name not in contract.columns or name in _FACTORS:
        return False
    return name in rule.converts or (name in SIDES and "amount" in rule.converts)


def _changed(name: str, contract: DeliveryContract) -> Column:
    value = F.col(value_name(name, contract))
    if contract.columns[name].negated:
        value = -value
    if not _is_converted(name, contract):
        return value
    return _rounded(_converted(value, name, contract), contract)


def _converted(value: Column, name: str, contract: DeliveryContract) -> Column:
    """Return a number in the contract's currency; null if the row's has no rate."""
    rule = contract.columns.get("currency")
    if rule is None or not (name in rule.converts or name in SIDES):
        return value
    code = F.col("_currency")
    # Each product has its own type; all are as exact as an amount needs.
    found = F.when(code.isin("", *_own(contract)), value.try_cast(_EXACT))
    for other, rate in _rates(rule).items():
        found = found.when(code == other, F.try_multiply(value, F.lit(rate)).try_cast(_EXACT))
    return found


def _rounded(value: Column, contract: DeliveryContract) -> Column:
    """Round half away from zero to the currency's decimals; null on overflow of the money type."""
    return F.round(value, contract.decimals).try_cast(money_type(contract.decimals))


def _own(contract: DeliveryContract) -> list[str]:
    """Return the codes and signs of the contract's currency, in upper case."""
    return list(dict.fromkeys(_words((contract.currency, *contract.currency_symbols))))


def _rates(rule: ColumnRule) -> dict[str, Decimal]:
    """Return code -> rate with at most 18 digits, in a notation that Spark parses."""
    context = Context(prec=MONEY_DIGITS)
    rates = {code.upper(): context.plus(Decimal(rate)) for code, rate in rule.rates.items()}
    return {code: Decimal(f"{rate:f}") for code, rate in rates.items()}


def _words(texts: tuple[str, ...]) -> list[str]:
    return [text.strip().upper() for text in texts]


def _all(conditions: list[Column]) -> Column:
    return reduce(lambda first, second: first & second, conditions)
