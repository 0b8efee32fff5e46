"""Every table's columns, once: name, Spark type, unit, meaning, nullability.

Plain data, so that the app and the tests read it without Spark or Dagster. Money is in the
currency that the delivery contract names (`delivery.DeliveryContract.currency`).
"""

from dataclasses import dataclass

MONEY = "decimal(18,2)"  # exact: a float sum depends on the order in which Spark's tasks end


@dataclass(frozen=True)
class Column:
    """One column: its Spark SQL type, what it means, and its unit where it has one."""

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


DELIVERY_DIGITS = 12  # of the SHA-256 of a content: what the column `delivery` holds

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
        _FILE,
        _DELIVERY,
        _ROW,
        Column(
            "malformed_text",
            "string",
            "The whole record, if it has not the header's fields",
            nullable=True,
        ),
    ),
)

CLEANED_TRANSACTIONS = Table(
    "cleaned_transactions",
    (
        Column("transaction_id", "string", "Unique"),
        Column("customer_id", "string", "As the bank numbers its customers"),
        Column("birth_date", "date", "Null where a placeholder stood", nullable=True),
        Column("gender", "string", "M, F, T, or null where empty", nullable=True),
        Column("location", "string", "Upper case, single spaces", nullable=True),
        Column("balance", MONEY, "Account balance at the transaction", "currency", nullable=True),
        Column("transaction_at", "timestamp_ntz", "Local date and time"),
        Column("amount", MONEY, "Amount of the transaction", "currency"),
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
        Column("customer_id", "string", "The contract's customer key"),
        Column("recency", "int", "From the last transaction to the snapshot date", "days"),
        Column("frequency", "int", "Number of transactions", "transactions"),
        Column("monetary", MONEY, "Sum of the amounts", "currency"),
        Column("average_amount", "double", "Monetary divided by frequency", "currency"),
        Column(
            "average_balance",
            "double",
            "Mean balance over the transactions",
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
        Column("age", "int", "At the snapshot date", "years", nullable=True),
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

# Carried along so that whoever acts on a segment has the figures, and nothing is joined again.
_CARRIED = (
    "recency",
    "frequency",
    "monetary",
    "average_amount",
    "average_balance",
    "latest_balance",
    "age",
    "gender",
    "location",
    "rfm_group",
    "held_out",
)

CUSTOMER_SEGMENTS = Table(
    "customer_segments",
    (
        Column("customer_id", "string", "The contract's customer key"),
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "The segment's name"),
        Column("distance", "double", "To the segment's centroid", "standard deviations"),
        Column("snapshot_date", "date", "The day that recency counts to"),
        *(column for column in RFM_TABLE.columns if column.name in _CARRIED),
    ),
)

_FEW = "; null for fewer than 11 customers"

SEGMENT_PROFILES = Table(
    "segment_profiles",
    (
        Column("segment", "int", "Segment number, from 0"),
        Column("segment_name", "string", "Unique, from rules over the profile"),
        Column("sentence", "string", "One plain sentence"),
        Column("customers", "bigint", "Size; 0 for fewer than 11", "customers"),
        Column("share_of_customers", "double", "Size over all customers"),
        Column("total_monetary", "double", "Sum of the members' monetary value", "currency"),
        Column("share_of_money", "double", "That sum over the sum of all customers"),
        *(
            Column(f"median_{measure}", "double", f"Median{_FEW}", unit, nullable=True)
            for measure, unit in (
                ("recency", "days"),
                ("frequency", "transactions"),
                ("monetary", "currency"),
                ("average_amount", "currency"),
                ("average_balance", "currency"),
                ("age", "years"),
            )
        ),
        *(
            Column(
                f"index_{measure}",
                "double",
                f"Mean over the mean of all customers, times 100{_FEW}",
                nullable=True,
            )
            for measure in (
                "recency",
                "frequency",
                "monetary",
                "average_amount",
                "average_balance",
            )
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
        CUSTOMER_SEGMENTS,
        SEGMENT_PROFILES,
    )
}
