"""What a delivered file must look like: the contract between the bank and the platform."""

from dataclasses import dataclass, field

_DEFAULT_HEADER = {
    "transaction_id": "TransactionID",
    "customer_id": "CustomerID",
    "birth_date": "CustomerDOB",
    "gender": "CustGender",
    "location": "CustLocation",
    "balance": "CustAccountBalance",
    "transaction_date": "TransactionDate",
    "transaction_time": "TransactionTime",
    "amount": "TransactionAmount (INR)",
}


@dataclass(frozen=True)
class DeliveryContract:
    """Header, formats and domains of a transactions file.

    Formats are declared, never guessed: read month-first, most of the real file's day-first
    dates still parse and are silently wrong.
    """

    header: dict[str, str] = field(default_factory=lambda: dict(_DEFAULT_HEADER))
    """Our column name -> the name in the file's header; the order in the file does not matter."""
    delimiter: str = ","
    encoding: str = "utf-8"
    currency: str = "INR"
    date_format: str = "d/M/yy"
    """Spark's datetime pattern of TransactionDate and CustomerDOB; ISO dates are taken as well."""
    two_digit_years: bool = True
    """A birth year after the transaction's own year means the century before."""
    birth_date_placeholders: tuple[str, ...] = ("1/1/1800", "nan", "")
    genders: tuple[str, ...] = ("M", "F", "T")
    id_pattern: str = r"^[A-Za-z]{0,8}[0-9]{1,18}\z"
    """Ends in \\z: Java's $ matches before a final line break, and "C1\\n" would be a customer."""
    customer_key: str = "customer_id"
    """A Spark SQL expression over cleaned_transactions that says who the customer is."""
