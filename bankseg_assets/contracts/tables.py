"""Schemas of all tables: name, Spark type, unit, meaning, nullability.

Plain data, which the app and the tests read without Spark or Dagster. Money is in the
currency that the delivery contract names (`delivery.DeliveryContract.currency`).
"""

from dataclasses import dataclass

MONEY_DIGITS = 18
"""The most that fit into 64 bits, with which Spark computes fast."""
MONEY_DECIMALS = 2
"""Of a column of money, at least: a currency without decimals has two zeros."""


def money_scale(decimals: int) -> int:
    """Return the scale of stored money for a currency with this many decimals."""
    return max(decimals, MONEY_DECIMALS)


def money_type(decimals: int) -> str:
    """Return the Spark type of money for a currency with this many decimals.

    A decimal, because a float sum depends on the order in which Spark's tasks end.

    >>> money_type(0), money_type(2), money_type(3)
    ('decimal(18,2)', 'decimal(18,2)', 'decimal(18,3)')
    """
    return f"decimal({MONEY_DIGITS},{money_scale(decimals)})"


MONEY = money_type(MONEY_DECIMALS)
"""Of nearly all currencies; `spark.read_parquet` reads tables of the others by their own type."""
TOTAL = "decimal(38,4)"
"""Of the sums over many customers, in any currency."""
SPENDING, INCOME = "spending", "income"
"""The values of `direction`."""


@dataclass(frozen=True)
class Column:
    """One column: its Spark SQL type, its meaning, and its unit if it has one."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """A published table."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]

    @property
    def ddl(self) -> str:
        """The schema as Spark SQL, for `spark.read.schema` and the select at a transform's end."""
        return ", ".join(f"`{column.name}` {column.type}" for column in self.columns)


DELIVERY_DIGITS = 12  # of the content's SHA-256, in the column `delivery`

_FILE = Column("source_file", "string", "Name of the delivered file")
_DELIVERY = Column("delivery", "string", "Start of the SHA-256 of that file's content")
_ROW = Column("row_number", "bigint", "Record in that file; a CSV's header is 1", "record")

RAW_TRANSACTIONS = Table(
    "raw_transactions",
    (
        Column("transaction_id", "string", "As delivered", nullable=True),
        Column("customer_id", "string", "As delivered", nullable=True),
        Column("birth_date", "string", "As delivered", nullable=True),
        Column("gender", "string", "As delivered", nullable=True),
        Column("location", "string", "As delivered", nullable=True),
        Column("balance", "string", "As delivered", nullable=True),
        Column("transaction_date", "string", "As delivered", nullable=True),
        Column("transaction_time", "string", "As delivered", nullable=True),
        Column("amount", "string", "As delivered", nullable=True),
        Column("debit", "string", "As delivered", nullable=True),
        Column("credit", "string", "As delivered", nullable=True),
        Column("direction", "string", "As delivered", nullable=True),
        Column("quantity", "string", "As delivered", nullable=True),
        Column("unit_price", "string", "As delivered", nullable=True),
        Column("currency", "string", "As delivered", nullable=True),
        Column("age", "string", "As delivered", nullable=True),
        _FILE,
        _DELIVERY,
        _ROW,
        Column(
            "malformed_text",
            "string",
            "The whole record, if it does not have the header's number of fields",
            nullable=True,
        ),
    ),
)

RAW_HOLDINGS = Table(
    "raw_holdings",
    (
        Column("customer_id", "string", "As delivered", nullable=True),
        Column("product", "string", "As delivered", nullable=True),
        *RAW_TRANSACTIONS.columns[RAW_TRANSACTIONS.names.index("source_file") :],
    ),
)
"""The table of a parsed file of holdings; kept in the archive, not published."""

CLEANED_TRANSACTIONS = Table(
    "cleaned_transactions",
    (
        Column("transaction_id", "string", "Unique"),
        Column("customer_id", "string", "As the bank numbers its customers"),
        Column("birth_date", "date", "Null where a placeholder stood", nullable=True),
        Column(
            "age",
            "int",
            "Where the bank delivers it in place of a birth date",
            "years",
            nullable=True,
        ),
        Column("gender", "string", "M, F, T, or null where empty", nullable=True),
        Column("location", "string", "Upper case, single spaces", nullable=True),
        Column("balance", MONEY, "Account balance at the transaction", "currency", nullable=True),
        Column("transaction_at", "timestamp_ntz", "Local date and time"),
        Column("amount", MONEY, "Amount of the transaction", "currency"),
        Column(
            "direction",
            "string",
            "`spending` or `income`; null where the contract does not say",
            nullable=True,
        ),
        Column(
            "outlier_flags", "string", "Tukey fences crossed, such as `amount_high`", nullable=True
        ),
        _FILE,
        _DELIVERY,
        _ROW,
    ),
)

QUARANTINED_TRANSACTIONS = Table(
    "quarantined_transactions",
    (
        Column("disposition", "string", "`quarantined`, or `duplicate` of a row that was kept"),
        Column("reason", "string", "The first rule that the row broke"),
        _FILE,
        _DELIVERY,
        _ROW,
        Column(
            "raw_text", "string", "The record as delivered (a JSON object where it could be split)"
        ),
    ),
)

RFM_TABLE = Table(
    "rfm_table",
    (
        Column("customer_id", "string", "The customer key: the contract's, or the run's"),
        Column(
            "recency",
            "int",
            "From the last transaction (not income) to the snapshot",
            "days",
        ),
        Column("frequency", "int", "Number of transactions, without income", "transactions"),
        Column("monetary", MONEY, "Sum of their amounts", "currency"),
        Column("average_amount", "double", "Monetary divided by frequency", "currency"),
        Column("first_day", "date", "Day of the first transaction (not income) in the data"),
        Column("active_days", "int", "Days with transactions, without income", "days"),
        Column(
            "average_balance",
            "double",
            "Mean balance over all transactions",
            "currency",
            nullable=True,
        ),
        Column(
            "latest_balance",
            MONEY,
            "Balance at the latest transaction that has one",
            "currency",
            nullable=True,
        ),
        Column(
            "income",
            MONEY,
            "Sum of the amounts that are income; null where no direction is known",
            "currency",
            nullable=True,
        ),
        Column(
            "birth_date", "date", "At the latest transaction; what `age` counts from", nullable=True
        ),
        Column(
            "age",
            "int",
            "At the snapshot; as delivered without it",
            "years",
            nullable=True,
        ),
        Column("gender", "string", "At the latest transaction", nullable=True),
        Column("location", "string", "At the latest transaction", nullable=True),
        Column("recency_score", "int", "1 (long ago) to 5 (just now)"),
        Column("frequency_score", "int", "1 (seldom) to 5 (often)"),
        Column("monetary_score", "int", "1 (little) to 5 (much)"),
        Column("rfm_group", "string", "The classic named group of the three scores"),
        Column(
            "identity_conflict", "boolean", "The rows of this key disagree in birth date or gender"
        ),
        Column("snapshot_date", "date", "The day after the newest transaction in the data"),
        Column("held_out", "boolean", "Kept from every fit, for testing"),
    ),
)

# Carried along so that users of a segment have the figures without a join.
_CARRIED = (
    "recency",
    "frequency",
    "monetary",
    "average_amount",
    "first_day",
    "active_days",
    "average_balance",
    "latest_balance",
    "income",
    "age",
    "gender",
    "location",
    "recency_score",
    "frequency_score",
    "rfm_group",
    "held_out",
)

HORIZONS = (30, 90, 365)
"""Days after the snapshot, of the forecasts."""
_BOUNDS = {
    "": "Forecast",
    "_low": "Nine of ten customers have more or as much",
    "_high": "Nine of ten customers have less or as much",
}


def _forecasts(measure: str, what: str, unit: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            f"{measure}_next_{days}{bound}",
            "float",
            f"{meaning}: {what} in the {days} days after the snapshot",
            unit,
            nullable=True,
        )
        for days in HORIZONS
        for bound, meaning in _BOUNDS.items()
    )


_P_ALIVE = Column(
    "p_alive",
    "float",
    "Probability that the customer is still active; null where unknown, as after a single day",
    nullable=True,
)
_DAYS = _forecasts("days", "days with transactions", "days")
_SPEND = _forecasts("spend", "sum of the amounts", "currency")
_OF_A_CUSTOMER = ("days_next_90", "spend_next_90")
VALUE_COLUMNS = (
    _P_ALIVE,
    *(column for column in (*_DAYS, *_SPEND) if column.name in _OF_A_CUSTOMER),
)
"""The forecasts of every customer; CUSTOMER_VALUE has the others, by history."""

CUSTOMER_VALUE = Table(
    "customer_value",
    (
        Column("repeats", "int", "Days with transactions after the first, to 0.8 %", "days"),
        Column("last", "int", "From the first to the last of these, to 0.8 %; 0 without", "days"),
        Column("age", "int", "From the first transaction to the snapshot, to 0.8 %", "days"),
        Column("customers", "bigint", "Customers with this history", "customers"),
        _P_ALIVE,
        *_DAYS,
        *(
            Column(
                f"{column.name}_{part}",
                "float",
                f"{meaning}, of {column.name}: {column.meaning}",
                column.unit,
                nullable=True,
            )
            for column in _SPEND
            for part, meaning in (
                ("base", "The part that does not depend on past spending"),
                ("share", "The share of past spending"),
            )
        ),
    ),
)
"""The forecasts of all customers with the same history of days."""

CUSTOMER_SEGMENTS = Table(
    "customer_segments",
    (
        Column("customer_id", "string", "The customer key: the contract's, or the run's"),
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "The segment's name"),
        Column("distance", "double", "To the segment's centroid", "standard deviations"),
        Column("snapshot_date", "date", "The day that recency counts to"),
        *(column for column in RFM_TABLE.columns if column.name in _CARRIED),
        *VALUE_COLUMNS,
    ),
)

_FEW = "; null for fewer than 11 customers"
_MEASURED = {
    "recency": "days",
    "frequency": "transactions",
    "monetary": "currency",
    "average_amount": "currency",
    "average_balance": "currency",
    "income": "currency",
    "age": "years",
}

SEGMENT_PROFILES = Table(
    "segment_profiles",
    (
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "Unique, from rules over the profile"),
        Column("sentence", "string", "One plain sentence"),
        Column("customers", "bigint", "Size; 0 for fewer than 11", "customers"),
        Column("share_of_customers", "double", "Size over all customers"),
        Column("total_monetary", "double", "Sum of the members' monetary value", "currency"),
        Column(
            "share_of_money",
            "double",
            "That sum over those of all segments; 0 for one below zero, which counts in none",
        ),
        Column(
            "total_income",
            "double",
            "Sum of the members' income, 0 for fewer than 11 with any; null where no direction is "
            "known",
            "currency",
            nullable=True,
        ),
        Column(
            "total_spend_next_90",
            "double",
            f"Sum of the members' forecasts for 90 days{_FEW}, or not known",
            "currency",
            nullable=True,
        ),
        Column(
            "mean_p_alive",
            "double",
            f"Mean probability that a member is still active, of those for whom it is known{_FEW}",
            nullable=True,
        ),
        *(
            Column(f"median_{measure}", "double", f"Median{_FEW}", unit, nullable=True)
            for measure, unit in _MEASURED.items()
        ),
        *(
            Column(
                f"{side}_quartile_{measure}",
                "double",
                f"A quarter of the members have {less}; null for fewer than 44",
                unit,
                nullable=True,
            )
            for measure, unit in _MEASURED.items()
            for side, less in (("lower", "at most this"), ("upper", "at least this"))
        ),
        *(
            Column(
                f"index_{measure}",
                "double",
                f"Mean over the mean of all customers, times 100{_FEW}",
                nullable=True,
            )
            for measure in _MEASURED
            if measure != "age"
        ),
        Column("rule", "string", "At most three thresholds in words", nullable=True),
        Column(
            "rule_conditions",
            "array<struct<measure:string,operator:string,value:double>>",
            "The same for programs: all must hold; operators are `<` and `>=`",
        ),
        Column(
            "rule_coverage", "double", "Share of the members who fulfil the rule", nullable=True
        ),
        Column(
            "rule_exclusivity",
            "double",
            "Share of those who fulfil the rule that are members",
            nullable=True,
        ),
        Column(
            "top_locations",
            "array<struct<location:string,customers:bigint,share:double,index:double>>",
            "At most three places that are over-represented by more than chance, of those with "
            "1 % of all customers; index 100 is the share in all",
        ),
        Column("people", "string", "How age, gender and place differ from all customers"),
    ),
)

_HIDDEN = "; null for cells that would disclose fewer than 11 customers"

SEGMENT_DEMOGRAPHICS = Table(
    "segment_demographics",
    (
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "The segment's name"),
        Column("attribute", "string", "`age_band`, `gender` or `location`: never a feature"),
        Column(
            "value",
            "string",
            "One of its values; `other`: those that under 1 % have, of genders and places",
        ),
        Column("customers", "bigint", f"Members with it{_HIDDEN}", "customers", nullable=True),
        Column(
            "share_of_segment",
            "double",
            "They over all members; to a whole per cent where only the count is null",
            nullable=True,
        ),
        Column(
            "share_of_all", "double", f"Share of all customers with the value{_FEW}", nullable=True
        ),
        Column(
            "index", "double", f"The first share over the second, times 100{_HIDDEN}", nullable=True
        ),
        Column(
            "share_reached",
            "double",
            f"Share of the customers with the value who are members{_HIDDEN}",
            nullable=True,
        ),
        Column(
            "distance",
            "double",
            "Total variation distance of segment and all customers in the attribute: the share of "
            "members who would have to be of another value to mirror them, hidden values as one",
            nullable=True,
        ),
    ),
)

RFM_GRID = Table(
    "rfm_grid",
    (
        Column("recency_score", "int", "1 (long ago) to 5 (just now)"),
        Column("frequency_score", "int", "1 (seldom) to 5 (often)"),
        Column("recency_from", "int", "Least recency of the score", "days", nullable=True),
        Column("recency_to", "int", "Greatest; null: no end", "days", nullable=True),
        Column("frequency_from", "int", "Least frequency", "transactions", nullable=True),
        Column("frequency_to", "int", "Greatest; null: no end", "transactions", nullable=True),
        Column(
            "customers", "bigint", f"Customers in the cell{_HIDDEN}", "customers", nullable=True
        ),
        Column(
            "monetary", TOTAL, f"Sum of their monetary value{_HIDDEN}", "currency", nullable=True
        ),
        Column("rfm_group", "string", f"Their most frequent named group{_HIDDEN}", nullable=True),
        Column("group_share", "double", f"Share of the cell that is in it{_HIDDEN}", nullable=True),
    ),
)

RFM_GROUPS = Table(
    "rfm_groups",
    (
        Column("rfm_group", "string", "Classic named group of the three scores"),
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "The segment's name"),
        Column("customers", "bigint", f"Customers in both{_HIDDEN}", "customers", nullable=True),
        Column(
            "monetary", TOTAL, f"Sum of their monetary value{_HIDDEN}", "currency", nullable=True
        ),
        Column("share_of_segment", "double", f"They over the segment{_HIDDEN}", nullable=True),
    ),
)

_SEGMENT = "Segment number; null for no segment"

SEGMENT_MIGRATION = Table(
    "segment_migration",
    (
        Column(
            "kind",
            "string",
            "`customer`: new data, old model; `model`: same data, new model; `both` together",
        ),
        Column("from_segment", "int", _SEGMENT, nullable=True),
        Column("from_name", "string", "The segment's name then; `new` or `gone` for no segment"),
        Column("to_segment", "int", _SEGMENT, nullable=True),
        Column("to_name", "string", "The segment's name after; `gone` for no segment"),
        Column("moved", "boolean", "The segment after does not continue the previous one"),
        Column("customers", "bigint", "Exact, so that totals hold; not for people", "customers"),
        Column(
            "money",
            TOTAL,
            "Their monetary in the new data, in the old if gone",
            "currency",
        ),
        Column("from_snapshot", "date", "Snapshot date of the release that was in use"),
        Column("to_snapshot", "date", "Snapshot date of the new data"),
        Column("compared_with", "string", "Name of the release that was in use"),
    ),
)

RECOMMENDED_ACTIONS = Table(
    "recommended_actions",
    (
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "The segment's name"),
        Column("action", "string", "What to do next, as a short request"),
        Column("reason", "string", "One sentence with the segment's own numbers"),
        Column("channel", "string", "A hint at how to reach these customers"),
        Column("customers", "bigint", "Size; 0 for fewer than 11", "customers"),
        Column("share_of_customers", "double", "Size over all customers"),
        Column("total_monetary", "double", "Sum of the members' monetary value", "currency"),
        Column(
            "share_of_money",
            "double",
            "That sum over those of all segments; 0 for one below zero, which counts in none",
        ),
    ),
)

WATCH_LIST = Table(
    "watch_list",
    (
        Column("rank", "int", "1 for the most money at risk"),
        Column("customer_id", "string", "The customer key: the contract's, or the run's"),
        Column("reason", "string", "What is unusual for this customer, in words"),
        Column("next_step", "string", "What to do next"),
        Column(
            "risk",
            "double",
            "0 to 1: by the model, the probability of being inactive; else a score, not a "
            "probability",
        ),
        Column("money_at_risk", "double", "Usual spending times risk", "currency"),
        Column("usual_spend_90", "double", "The customer's spending in 90 days so far", "currency"),
        Column("recency", "int", "Days since the last transaction (not income)", "days"),
        Column(
            "usual_gap",
            "double",
            "Mean days between days with transactions; null below three such days",
            "days",
            nullable=True,
        ),
        Column("active_days", "int", "Days with transactions, without income", "days"),
    ),
)

PRODUCT_HOLDINGS = Table(
    "product_holdings",
    (
        Column("customer_id", "string", "The contract's customer key, as delivered"),
        Column("product", "string", "In its most frequent spelling"),
        _FILE,
        _DELIVERY,
        _ROW,
    ),
)

QUARANTINED_HOLDINGS = Table("quarantined_holdings", QUARANTINED_TRANSACTIONS.columns)

PRODUCT_RECOMMENDATIONS = Table(
    "product_recommendations",
    (
        Column("customer_id", "string", "The customer key: the contract's, or the run's"),
        Column("rank", "int", "1 for the product to offer first"),
        Column("product", "string", "A product that the customer does not hold"),
        Column(
            "score",
            "double",
            "als: the predicted preference, about 0 to 1; segment: the share of the segment's "
            "holders who have it, drawn towards that of all holders",
        ),
        Column(
            "source",
            "string",
            "`als` from the customer's own holdings, or `segment` where there are none",
        ),
    ),
)

TABLES = {
    table.name: table
    for table in (
        RAW_TRANSACTIONS,
        CLEANED_TRANSACTIONS,
        QUARANTINED_TRANSACTIONS,
        RFM_TABLE,
        CUSTOMER_VALUE,
        CUSTOMER_SEGMENTS,
        SEGMENT_PROFILES,
        SEGMENT_DEMOGRAPHICS,
        RFM_GRID,
        RFM_GROUPS,
        SEGMENT_MIGRATION,
        RECOMMENDED_ACTIONS,
        WATCH_LIST,
        PRODUCT_HOLDINGS,
        QUARANTINED_HOLDINGS,
        PRODUCT_RECOMMENDATIONS,
    )
}
