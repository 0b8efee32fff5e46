"""Parse, repair and validate raw rows; every row is kept or quarantined.

A row is quarantined for the first rule that it breaks. Outliers are kept and flagged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning import amounts, date_text
from bankseg_assets.cleaning.field_text import (
    WHITE_SPACE,
    ZERO_WIDTHS,
    identifier,
    is_invalid_id,
    is_missing_customer_id,
    is_missing_transaction_id,
    needs_trimming,
    trimmed,
)
from bankseg_assets.cleaning.money_text import (
    MoneyText,
    has_too_many_decimals,
    is_other_currency,
    money_value,
    read_money,
    word_beside,
)
from bankseg_assets.cleaning.transaction_ids import scoped
from bankseg_assets.contracts.date_formats import EPOCHS
from bankseg_assets.contracts.delivery import DELIVERED, ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS, QUARANTINED_TRANSACTIONS
from bankseg_assets.contracts.value_ranges import OLDEST_YEARS, first_day, money_range

ISO_DATE = r"\A(?!0000)\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,9})?)?\z"
AGE = r"\A[0-9]{1,3}(\.0*)?\z"
CONTROL_CHARACTERS = r"[\x00-\x1f\x7f]"
# A year of more than four digits has a sign in Java, and one past 294,247 fails the query even in
# `try_to_date`. Declared formats have a sign before digits only as a separator after others.
SIGNED_YEAR = r"[+]|(\A|[^0-9])-[0-9]{5}"
CENTURY = date(2000, 1, 1)
"""The first day of the century in which Spark reads a two-digit year."""
IDS = ("transaction_id", "customer_id")
_MONEY_PARTS = tuple(part.name for part in fields(MoneyText))
_UNTRIMMED = "_untrimmed"
ROW_KEY = ["delivery", "row_number"]
EPOCH_DAYS = 31
"""Seconds until 2054, read as milliseconds, are within this many days of zero."""
QUARANTINED = "quarantined"
DUPLICATE = "duplicate"


def validate(raw: DataFrame, contract: DeliveryContract, *, not_after: Column) -> DataFrame:
    """Return typed rows with `reason`, null if the row breaks no rule.

    `not_after`: date column over `raw`, the last valid day of a transaction. One later row (a
    mistyped year) would shift every customer's recency. It depends on the delivery's day, not
    today, so that a rerun gives the same result.
    """
    rules = contract.columns
    parsed = _parsed(raw, contract, not_after)
    birth = _repair_birth_date(F.col("_birth"), F.col("_day"), rules.get("birth_date"))
    return parsed.withColumn("reason", _reason(contract)).select(
        scoped(contract, F.col(IDS[0]), F.col(IDS[1]), F.col("_day")).alias("transaction_id"),
        "customer_id",
        birth.alias("birth_date"),
        _age(rules.get("age")).alias("age"),
        _published_value(F.col("_gender_text"), rules.get("gender")).alias("gender"),
        F.nullif("location", F.lit("")).alias("location"),
        "balance",
        _timestamp(contract).alias("transaction_at"),
        "amount",
        (
            F.col("direction")
            if amounts.has_direction(contract)
            else F.lit(None).cast("string").alias("direction")
        ),
        "source_file",
        *ROW_KEY,
        "reason",
        F.when(F.col("reason").isNotNull(), _raw_text(_delivered(contract))).alias("raw_text"),
    )


def measures(raw: DataFrame, contract: DeliveryContract) -> DataFrame:
    """Return `delivery, amount, balance` of every row as `validate` parses them, without a verdict.

    Spark reads the columns of money alone. `validate` looks at all columns of a row together: the
    fences of a million rows took 8 core-seconds with it on a warm JVM, 3.8 with this.
    """
    parsed = _parsed(raw, contract, F.lit(None).cast("date"), by_column=True)
    return parsed.select("delivery", "amount", "balance")


def _parsed(
    raw: DataFrame, contract: DeliveryContract, not_after: Column, *, by_column: bool = False
) -> DataFrame:
    """Return the parsed values of every row, beside the texts that the rules look at.

    `by_column`: look for invisible characters in each column by itself, for the reader of few.
    """
    rules = contract.columns
    named = _delivered(contract)
    text = {
        name: _text(
            name, rules.get(name), unusual=needs_trimming(F.col(name)) if by_column else None
        )
        for name in DELIVERED
    }
    moment = _moment(text["transaction_date"], contract, not_after)
    marked = raw.withColumn(_UNTRIMMED, needs_trimming(*map(F.col, named)))
    parsed = marked.select(
        text["transaction_id"].alias("transaction_id"),
        text["customer_id"].alias("customer_id"),
        text["birth_date"].alias("_birth_text"),
        _parse_date(text["birth_date"], rules.get("birth_date")).alias("_birth"),
        F.upper(text["gender"]).alias("_gender_text"),
        _normalise(text["location"]).alias("location"),
        moment.cast("date").alias("_day"),
        *([moment.alias("_moment")] if rules["transaction_date"].has_time else []),
        text["transaction_time"].alias("_time_text"),
        _time(text["transaction_time"], rules.get("transaction_time")).alias("_time"),
        *(
            column
            for name in amounts.money_columns(contract)
            for column in _money_columns(name, text, contract)
        ),
        *(
            [word_beside(text["amount"], rules["amount"]).alias("_direction")]
            if "amount" in rules and rules["amount"].spending
            else []
        ),
        *(
            F.upper(text[name]).alias(f"_{name}")
            for name in ("direction", "currency", "age")
            if name in rules
        ),
        not_after.alias("_not_after"),
        *(F.col(name) for name in ("source_file", "delivery", "row_number", "malformed_text")),
        *(F.col(name).alias(f"_raw_{name}") for name in named),
    )
    parsed = parsed.withColumns(
        {
            amounts.value_name(name, contract): _number(name, contract)
            for name in amounts.money_columns(contract)
        }
    )
    for step in amounts.computed(contract):
        parsed = parsed.withColumns(step)
    return parsed


def _delivered(contract: DeliveryContract) -> list[str]:
    """Return the columns that the bank delivers."""
    return [name for name in DELIVERED if name in contract.columns]


def transaction_day(contract: DeliveryContract, not_after: Column) -> Column:
    """Return the day of a row of RAW_TRANSACTIONS, as `validate` parses it."""
    rule = contract.columns["transaction_date"]
    text = _text("transaction_date", rule, unusual=needs_trimming(F.col("transaction_date")))
    return _moment(text, contract, not_after).cast("date")


def keep(validated: DataFrame, not_kept: DataFrame | None, flags: Column) -> DataFrame:
    """Return CLEANED_TRANSACTIONS: the rows that broke no rule, with outlier `flags`.

    `not_kept`: `delivery, row_number` of sound rows that repeat a transaction.
    """
    sound = validated.where("reason IS NULL")
    if not_kept is not None:
        sound = sound.join(not_kept, ROW_KEY, "left_anti")
    return sound.withColumn("outlier_flags", flags).select(*CLEANED_TRANSACTIONS.names)


def broken(validated: DataFrame) -> DataFrame:
    """Return QUARANTINED_TRANSACTIONS: the rows that broke a rule."""
    return (
        validated.where("reason IS NOT NULL")
        .withColumn("disposition", F.lit(QUARANTINED))
        .select(*QUARANTINED_TRANSACTIONS.names)
    )


def repeats(raw: DataFrame, verdicts: DataFrame) -> DataFrame:
    """Return QUARANTINED_TRANSACTIONS: the sound rows that repeat a transaction."""
    texts = raw.select("source_file", *ROW_KEY, _raw_text(DELIVERED, prefix="").alias("raw_text"))
    disposition = F.when(F.col("verdict") == DUPLICATE, DUPLICATE).otherwise(QUARANTINED)
    return (
        texts.join(verdicts, ROW_KEY)
        .select("*", disposition.alias("disposition"), F.col("verdict").alias("reason"))
        .select(*QUARANTINED_TRANSACTIONS.names)
    )


def _moment(text: Column, contract: DeliveryContract, not_after: Column) -> Column:
    rule = contract.columns["transaction_date"]
    moment = _parse_date(text, rule, contract.time_zone)
    return _in_latest_century(moment, text, rule, not_after)


def _text(name: str, rule: ColumnRule | None, *, unusual: Column | None = None) -> Column:
    """Return the trimmed value; empty without such a column or for a placeholder."""
    if rule is None:
        return F.lit("")
    if unusual is None:
        unusual = F.col(_UNTRIMMED)
    if name in IDS:
        value = identifier(F.col(name), rule, where=unusual)
    else:
        value = trimmed(F.col(name), where=unusual)
    if not rule.placeholders:
        return value
    return F.when(value.isin(*rule.placeholders), "").otherwise(value)


def _parse_date(text: Column, rule: ColumnRule | None, time_zone: str = "") -> Column:
    """Parse by the declared formats, else as ISO if that cannot mean another day."""
    if rule is None:
        return F.lit(None).cast("date")
    found = _declared(text, rule, time_zone)
    if rule.takes_iso_dates:
        iso = (
            text.try_cast("timestamp_ntz") if rule.has_time else text.substr(1, 10).try_cast("date")
        )
        found = F.coalesce(found, F.when(text.rlike(ISO_DATE), iso))
        if rule.has_time and time_zone:
            found = F.coalesce(found, date_text.iso_with_offset(text, time_zone))
    return found


def _declared(text: Column, rule: ColumnRule, time_zone: str) -> Column:
    if not rule.has_plain_format:
        found = date_text.moment(text, rule, time_zone)
        return found if rule.has_time else found.cast("date")
    declarable = text
    if not rule.has_two_digit_year:
        declarable = F.when(~text.rlike(SIGNED_YEAR), text)
    if rule.has_time:
        found = F.try_to_timestamp(declarable, F.lit(rule.format)).cast("timestamp_ntz")
    else:
        found = F.try_to_date(declarable, rule.format)
    if rule.has_two_digit_year:
        return found
    # Python has no dates before year 1: collecting such rows would raise.
    return F.when(found >= F.expr("DATE'0001-01-01'"), found)


def _in_latest_century(moment: Column, text: Column, rule: ColumnRule, not_after: Column) -> Column:
    """Move a two-digit year back a century if 20yy is in the future and `minimum` allows 19yy.

    Without a minimum, 2/8/30 is a mistyped later day, not a transaction of 1930.
    """
    lowest, is_open = rule.minimum, _has_open_century(text, rule)
    if is_open is None or not isinstance(lowest, date) or lowest >= CENTURY:
        return moment
    earlier = F.timestamp_add("YEAR", F.lit(-100), moment.cast("timestamp_ntz"))
    moved = is_open & (moment.cast("date") > not_after) & (earlier.cast("date") >= F.lit(lowest))
    return F.when(moved, earlier).otherwise(moment.cast("timestamp_ntz"))


def _has_open_century(text: Column, rule: ColumnRule) -> Column | None:
    """Return whether a two-digit year was read; None if the column cannot have any."""
    if not rule.has_two_digit_year:
        return None
    is_open = ~text.rlike(ISO_DATE)
    full = date_text.has_full_year(text, rule)
    return is_open if full is None else is_open & ~full


def _money_columns(
    name: str, text: Mapping[str, Column], contract: DeliveryContract
) -> list[Column]:
    """Return the columns that `_money` reads, so that every pattern is evaluated once per row."""
    decimals, _ = amounts.number_format(name, contract)
    currency = amounts.row_currency(name, contract, F.upper(text["currency"]))
    rule = contract.columns.get(name)
    money = read_money(text[name], rule, contract, decimals=decimals, currency=currency)
    return [getattr(money, part).alias(f"_{name}_{part}") for part in _MONEY_PARTS]


def _money(name: str) -> MoneyText:
    return MoneyText(**{part: F.col(f"_{name}_{part}") for part in _MONEY_PARTS})


def _number(name: str, contract: DeliveryContract) -> Column:
    decimals, kind = amounts.number_format(name, contract)
    return money_value(_money(name), contract.columns.get(name), decimals=decimals, kind=kind)


def _age(rule: ColumnRule | None) -> Column:
    """Return whole years, also for the `35.0` of a float column; null if not an age."""
    if rule is None:
        return F.lit(None).cast("int")
    years = F.when(F.col("_age").rlike(AGE), F.substring_index("_age", ".", 1)).try_cast("int")
    return F.when(years <= OLDEST_YEARS, years)


def _time(text: Column, rule: ColumnRule | None) -> Column:
    """Return the zero-padded text of a time with two-digit parts; else microseconds."""
    if rule is None:
        return text
    if not rule.has_plain_format:
        return date_text.time_of_day(text, rule)
    return F.lpad(text, len(rule.format), "0")


def _published_value(text: Column, rule: ColumnRule | None) -> Column:
    """Map a delivered value to the published one; empty becomes null."""
    found = F.nullif(text, F.lit(""))
    for delivered, published in (rule.values if rule else {}).items():
        if delivered != published:
            found = F.when(text == delivered, published).otherwise(found)
    return found


def _repair_birth_date(birth: Column, day: Column, rule: ColumnRule | None) -> Column:
    """Move a two-digit birth year past the transaction's year back a century.

    `%y` alone reads 54,427 real customers as born 2017..2068. A birth that is still later than the
    transaction, or too long ago for a living person, becomes null.
    """
    if rule is not None and (is_open := _has_open_century(F.col("_birth_text"), rule)) is not None:
        moved = (F.year(birth) > F.year(day)) & is_open
        birth = F.when(moved, F.add_months(birth, -1200)).otherwise(birth)
    too_old = F.add_months(day, -12 * (OLDEST_YEARS + 1))
    return F.when((birth <= day) & (birth > too_old), birth)


def _normalise(text: Column) -> Column:
    """Return upper case with single spaces.

    The expression runs only on the few rows that need it: on all rows it took 3 of 41 core-seconds
    of validating ten million. Control characters need none: their rows are quarantined.
    """
    upper = F.upper(text)
    is_plain = (F.length(upper) == F.octet_length(upper)) & ~upper.contains("  ")
    visible = F.regexp_replace(upper, ZERO_WIDTHS, "")
    return F.when(is_plain, upper).otherwise(F.regexp_replace(visible, WHITE_SPACE, " "))


def _timestamp(contract: DeliveryContract) -> Column:
    """Return the local date and time; midnight if the bank delivers no time."""
    if contract.columns["transaction_date"].has_time:
        return F.col("_moment")
    midnight = F.col("_day").cast("timestamp_ntz")
    rule = contract.columns.get("transaction_time")
    if rule is None:
        return midnight
    if not rule.has_plain_format:
        return F.timestamp_add("MICROSECOND", F.coalesce(F.col("_time"), F.lit(0)), midnight)
    return F.timestamp_add("SECOND", F.coalesce(_seconds(rule), F.lit(0)), midnight)


def _seconds(rule: ColumnRule) -> Column:
    """Return the seconds since midnight of a padded time with parts at the format's positions."""
    units = {"HH": 3600, "mm": 60, "ss": 1}
    parts = [
        F.col("_time").substr(rule.format.index(part) + 1, 2).try_cast("int") * seconds
        for part, seconds in units.items()
        if part in rule.format
    ]
    return sum(parts[1:], start=parts[0])


def _reason(contract: DeliveryContract) -> Column:
    """Return the first broken rule of a row, or null."""
    rules = contract.columns
    transaction_id, customer_id = (F.col(name) for name in IDS)
    broken = [
        ("wrong_number_of_fields", F.col("malformed_text").isNotNull()),
        *_transaction_id_faults(transaction_id, rules.get("transaction_id")),
        ("missing_customer_id", is_missing_customer_id(customer_id)),
        ("invalid_customer_id", is_invalid_id(customer_id, rules["customer_id"])),
        ("invalid_transaction_date", F.col("_day").isNull()),
        ("invalid_transaction_date", _out_of_range(F.col("_day"), rules["transaction_date"])),
        (
            "implausible_transaction_date",
            F.col("_day") < F.lit(first_day(rules["transaction_date"])),
        ),
        ("implausible_transaction_date", _in_wrong_unit(contract)),
        ("transaction_date_in_the_future", F.col("_day") > F.col("_not_after")),
        ("invalid_transaction_time", _invalid_time(rules.get("transaction_time"))),
        *amounts.currency_faults(contract),
        *(
            fault
            for name in (*amounts.SIDES, amounts.QUANTITY, amounts.UNIT_PRICE)
            for fault in _money_faults(name, contract)
        ),
        *amounts.side_faults(contract),
        *amounts.direction_faults(contract),
        *_money_faults("amount", contract),
        *amounts.product_faults(contract),
        *_money_faults("balance", contract),
        ("invalid_birth_date", _invalid_birth_date(rules.get("birth_date"))),
        ("invalid_age", _invalid_age(rules.get("age"))),
        ("invalid_gender", _invalid_gender(rules.get("gender"))),
        ("invalid_location", _invalid_location(rules.get("location"))),
    ]
    reason = F.lit(None).cast("string")
    for code, is_broken in reversed(broken):
        if is_broken is not None:
            reason = F.when(is_broken, code).otherwise(reason)
    return reason


def _transaction_id_faults(text: Column, rule: ColumnRule | None) -> list[tuple[str, Column]]:
    if rule is None:  # the bank delivers none
        return []
    return [
        ("missing_transaction_id", is_missing_transaction_id(text)),
        ("invalid_transaction_id", is_invalid_id(text, rule)),
    ]


def _invalid(text: Column, is_wrong: Column, rule: ColumnRule) -> Column:
    """Return whether a value is present and wrong, or absent and required."""
    is_empty = text == ""
    return (~is_empty & is_wrong) if rule.nullable else (is_empty | is_wrong)


def _out_of_range(value: Column, rule: ColumnRule) -> Column | None:
    too_low = None if rule.minimum is None else value < F.lit(rule.minimum)
    too_high = None if rule.maximum is None else value > F.lit(rule.maximum)
    found = [condition for condition in (too_low, too_high) if condition is not None]
    return reduce(or_, found) if found else None


def _in_wrong_unit(contract: DeliveryContract) -> Column | None:
    """Return whether an epoch is in the month after zero; None without epochs or with a minimum.

    Seconds read as milliseconds, or milliseconds as microseconds, fall there; so do zeros, which
    programs write for a missing date.
    """
    rule = contract.columns["transaction_date"]
    if rule.format not in EPOCHS or rule.minimum is not None:
        return None
    zero = date_text.in_zone(F.timestamp_micros(F.lit(0)), contract.time_zone)
    month = F.timestamp_add("DAY", F.lit(EPOCH_DAYS), zero)
    return (F.col("_moment") >= zero) & (F.col("_moment") < month)


def _invalid_time(rule: ColumnRule | None) -> Column | None:
    if rule is None:
        return None
    if not rule.has_plain_format:
        return _invalid(F.col("_time_text"), F.col("_time").isNull(), rule)
    sound = rule.format.replace("HH", "([01][0-9]|2[0-3])")
    sound = rf"\A{sound.replace('mm', '[0-5][0-9]').replace('ss', '[0-5][0-9]')}\z"
    # The length of the text itself, because padding also truncates long texts.
    fits = F.length("_time_text").between(1, len(rule.format))
    return _invalid(F.col("_time_text"), ~(fits & F.col("_time").rlike(sound)), rule)


def _money_faults(name: str, contract: DeliveryContract) -> list[tuple[str, Column]]:
    rule = contract.columns.get(name)
    if rule is None:
        return []
    money, value = _money(name), F.col(name)
    decimals, _ = amounts.number_format(name, contract)
    currency = amounts.row_currency(name, contract, F.col("_currency"))
    has_too_many = has_too_many_decimals(money, decimals)
    if (of_row := amounts.too_many_decimals(name, contract)) is not None:
        has_too_many |= F.coalesce(of_row, F.lit(False))
    # On the parsed number: one whose conversion overflows the column is implausible.
    wrong = F.col(amounts.value_name(name, contract)).isNull()
    unused = amounts.is_unused(name, contract)
    if (outside := _out_of_range(value, rule)) is not None:
        wrong |= outside if unused is None else outside & ~unused
    # A transaction leaves the debit or the credit empty.
    may_be_empty = replace(rule, nullable=rule.nullable or name in amounts.SIDES)
    faults = [
        (f"{name}_in_other_currency", is_other_currency(money, rule, contract, currency)),
        (f"{name}_with_too_many_decimals", has_too_many),
        (f"invalid_{name}", _invalid(money.text, wrong, may_be_empty)),
    ]
    if name == amounts.QUANTITY:
        return faults[1:]
    if name == amounts.UNIT_PRICE:
        return faults
    is_plausible = value.between(*map(F.lit, money_range(rule)))
    if amounts.value_name(name, contract) != name:
        is_plausible &= value.isNotNull() | (money.text == "")
    if unused is not None:
        is_plausible |= unused
    return [*faults, (f"implausible_{name}", ~is_plausible)]


def _invalid_birth_date(rule: ColumnRule | None) -> Column | None:
    if rule is None:
        return None
    return _invalid(F.col("_birth_text"), F.col("_birth").isNull(), rule)


def _invalid_age(rule: ColumnRule | None) -> Column | None:
    if rule is None:
        return None
    wrong = _age(rule).isNull()
    if (outside := _out_of_range(_age(rule), rule)) is not None:
        wrong |= outside
    return _invalid(F.col("_age"), wrong, rule)


def _invalid_gender(rule: ColumnRule | None) -> Column | None:
    if rule is None:
        return None
    text = F.col("_gender_text")
    wrong = ~text.isin(*rule.values) if rule.values else F.lit(False)
    if rule.pattern:
        wrong |= ~trimmed(F.col("_raw_gender")).rlike(rule.spark_pattern)
    return _invalid(text, wrong, rule)


def _invalid_location(rule: ColumnRule | None) -> Column | None:
    if rule is None:
        return None
    delivered = trimmed(F.col("_raw_location"))
    has_controls = delivered.rlike(CONTROL_CHARACTERS)
    unlike = ~delivered.rlike(rule.spark_pattern) if rule.pattern else F.lit(False)
    return has_controls | _invalid(F.col("location"), unlike, rule)


def _raw_text(names: Iterable[str], prefix: str = "_raw_") -> Column:
    fields = F.to_json(F.struct(*(F.col(f"{prefix}{name}").alias(name) for name in names)))
    return F.coalesce("malformed_text", fields)
