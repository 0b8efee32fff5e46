"""Files as banks of several countries write them, with the contract that each one needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

ROWS = 60
START = datetime(2024, 1, 3, 9, 5, 7)
SHORT_GERMAN = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
LONG_FRENCH = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]


def moment(row: int) -> datetime:
    return START + timedelta(days=3 * row, minutes=37 * row)


def early(row: int) -> datetime:
    """A day of the first twelve of a month: its month and day could be either."""
    return datetime(2024, row % 12 + 1, row % 11 + 1, row % 24, 5)


def value(row: int) -> float:
    return round(((row * 7919) % 250_000) / 10 + 0.25, 2)


def grouped(amount: float, by: str, point: str) -> str:
    whole, _, part = f"{amount:,.2f}".partition(".")
    return f"{whole.replace(',', by)}{point}{part}"


def lakh(amount: float) -> str:
    whole, _, part = f"{amount:.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail]) + "." + part


@dataclass(frozen=True)
class Bank:
    """A file, what its contract must say, and what the file leaves open."""

    name: str
    content: bytes
    right: Mapping[str, Any]
    """Settings that must be proposed; of those in `asked`, the bank's answer."""
    asked: frozenset[str] = frozenset()
    suffix: str = ".csv"
    answers: Mapping[str, str] = field(default_factory=dict)
    """To the questions, where the answer is not the value itself."""


def table(
    header: str,
    row: Callable[[int], tuple[object, ...]],
    delimiter: str = ",",
    *,
    above: str = "",
    below: str = "",
    encoding: str = "utf-8",
    end: str = "\n",
    rows: int = ROWS,
) -> bytes:
    lines = [header]
    for number in range(rows):
        fields = (str(one) for one in row(number))
        lines.append(delimiter.join(f'"{f}"' if delimiter in f else f for f in fields))
    return (above + end.join(lines) + end + below).encode(encoding)


def customer(row: int) -> str:
    return f"C{1000 + row % 17}"


def german() -> Bank:
    content = table(
        "Buchungstag;Umsatzart;Kundennummer;Betrag;Währung;Saldo;Referenz",
        lambda n: (
            f"{moment(n):%d.%m.%Y}",
            "H" if n % 3 == 0 else "S",
            f"{500 + n % 17}",
            grouped(value(n), ".", ","),
            "EUR",
            grouped(value(n + 5) * 3, ".", ","),
            f"R{n:05d}",
        ),
        ";",
        above="Kontoauszug\nZeitraum 01.01.2024 bis 30.06.2024\n\n",
        below="Summe;;;99,00;EUR;;\n",
        encoding="cp1252",
        end="\r\n",
    )
    return Bank(
        "german",
        content,
        {
            "currency": "EUR",
            "file.encoding": "cp1252",
            "file.delimiter": ";",
            "file.header_line": 4,
            "file.footer_starts_with": ["Summe"],
            "columns.transaction_id.name": "Referenz",
            "columns.customer_id.name": "Kundennummer",
            "columns.transaction_date.name": "Buchungstag",
            "columns.transaction_date.format": "d.M.yyyy",
            "columns.amount.name": "Betrag",
            "columns.amount.decimal_separator": ",",
            "columns.amount.thousands_separator": ".",
            "columns.balance.name": "Saldo",
            "columns.balance.decimal_separator": ",",
            "columns.balance.thousands_separator": ".",
            "columns.direction.name": "Umsatzart",
            "columns.direction.spending": ["S"],
            "columns.direction.income": ["H"],
            "columns.currency.name": "Währung",
        },
    )


def french() -> Bank:
    def day(n: int) -> str:
        when = moment(n)
        return f"{when.day} {LONG_FRENCH[when.month - 1]} {when.year}"

    content = table(
        "Date d'opération;Libellé;Débit;Crédit;Solde;Numéro client",
        lambda n: (
            day(n),
            "CARTE",
            "" if n % 4 == 0 else grouped(value(n), "\u202f", ","),
            grouped(value(n), "\u202f", ",") if n % 4 == 0 else "",
            grouped(value(n) * 2, "\u202f", ","),
            f"{7000 + n % 17}",
        ),
        ";",
    )
    return Bank(
        "french",
        content,
        {
            "currency": "EUR",
            "file.delimiter": ";",
            "file.encoding": "utf-8",
            "columns.customer_id.name": "Numéro client",
            "columns.transaction_date.name": "Date d'opération",
            "columns.transaction_date.format": "d MMM yyyy",
            "columns.transaction_date.month_names": LONG_FRENCH,
            "columns.debit.name": "Débit",
            "columns.credit.name": "Crédit",
            "columns.debit.decimal_separator": ",",
            "columns.debit.thousands_separator": " ",
            "columns.credit.decimal_separator": ",",
            "columns.credit.thousands_separator": " ",
            "columns.balance.name": "Solde",
            "columns.balance.decimal_separator": ",",
            "columns.balance.thousands_separator": " ",
            "spending": "debit",
        },
        frozenset({"currency"}),
    )


def indian() -> Bank:
    content = table(
        "S.No.,Txn Date,Value Date,Narration,Account No,Withdrawal Amt (INR),Deposit Amt (INR)"
        ",Closing Balance,Txn Ref",
        lambda n: (
            n + 1,
            f"{moment(n):%d-%b-%Y}",
            f"{moment(n + 1):%d-%b-%Y}",
            "UPI/9999/MERCHANT",
            f"00{4000 + n % 17}",
            lakh(value(n) * 50) if n % 5 else "",
            "" if n % 5 else lakh(value(n) * 50),
            lakh(value(n) * 90),
            f"S{n * 31:08d}",
        ),
    )
    return Bank(
        "indian",
        content,
        {
            "currency": "INR",
            "number_format": "lakh",
            "file.delimiter": ",",
            "columns.customer_id.name": "Account No",
            "columns.transaction_id.name": "Txn Ref",
            "columns.transaction_date.name": "Txn Date",
            "columns.transaction_date.format": "d-MMM-yyyy",
            "columns.debit.name": "Withdrawal Amt (INR)",
            "columns.credit.name": "Deposit Amt (INR)",
            "columns.debit.thousands_separator": ",",
            "columns.credit.thousands_separator": ",",
            "columns.balance.name": "Closing Balance",
            "columns.balance.thousands_separator": ",",
        },
    )


def spanish() -> Bank:
    content = table(
        "Fecha operación;Fecha valor;Concepto;Importe;Divisa;Cliente;Nº operación",
        lambda n: (
            f"{moment(n):%d/%m/%Y}",
            f"{moment(n + 1):%d/%m/%Y}",
            "COMPRA",
            ("-" if n % 3 else "") + grouped(value(n), ".", ","),
            "EUR",
            f"K{n % 17:03d}",
            f"OP{n:06d}",
        ),
        ";",
    )
    return Bank(
        "spanish",
        content,
        {
            "currency": "EUR",
            "columns.customer_id.name": "Cliente",
            "columns.transaction_id.name": "Nº operación",
            "columns.transaction_date.name": "Fecha operación",
            "columns.transaction_date.format": "d/M/yyyy",
            "columns.amount.name": "Importe",
            "columns.amount.decimal_separator": ",",
            "columns.amount.thousands_separator": ".",
            "columns.amount.negative": "spending",
            "columns.currency.name": "Divisa",
        },
        frozenset({"columns.amount.negative"}),
    )


def ambiguous_days() -> Bank:
    content = table(
        "TransactionID,CustomerID,Date,Amount",
        lambda n: (f"T{n}", customer(n), f"{early(n):%d/%m/%Y}", f"{value(n):.2f}"),
    )
    return Bank(
        "ambiguous days",
        content,
        {
            "currency": "GBP",
            "columns.transaction_id.name": "TransactionID",
            "columns.customer_id.name": "CustomerID",
            "columns.transaction_date.name": "Date",
            "columns.transaction_date.format": "d/M/yyyy",
            "columns.amount.name": "Amount",
        },
        frozenset({"currency", "columns.transaction_date.format"}),
    )


def ambiguous_thousands() -> Bank:
    content = table(
        "TransactionID|CustomerID|Date|Amount",
        lambda n: (f"T{n}", customer(n), f"{moment(n):%Y-%m-%d}", f"{1000 + n * 37:,}"),
        "|",
    )
    return Bank(
        "ambiguous thousands",
        content,
        {
            "currency": "KWD",
            "file.delimiter": "|",
            "columns.transaction_id.name": "TransactionID",
            "columns.customer_id.name": "CustomerID",
            "columns.transaction_date.name": "Date",
            "columns.transaction_date.format": "yyyy-MM-dd",
            "columns.amount.name": "Amount",
            "columns.amount.decimal_separator": ".",
            "columns.amount.thousands_separator": ",",
        },
        frozenset({"currency", "columns.amount.decimal_separator"}),
    )


def two_customers() -> Bank:
    content = table(
        "id;user_id;buyer;created_at;total",
        lambda n: (
            n,
            n % 17 + 1,
            n % 5 + 1,
            f"{moment(n):%Y-%m-%dT%H:%M:%S}+05:30",
            f"₹{value(n):.2f}",
        ),
        ";",
    )
    return Bank(
        "two customers",
        content,
        {
            "currency": "INR",
            "time_zone": "Asia/Kolkata",
            "columns.transaction_id.name": "id",
            "columns.customer_id.name": "user_id",
            "columns.transaction_date.name": "created_at",
            "columns.transaction_date.format": "yyyy-MM-ddTHH:mm:ssXXX",
            "columns.amount.name": "total",
        },
        frozenset({"columns.customer_id.name", "time_zone", "columns.transaction_id.unique_per"}),
        answers={"columns.transaction_id.unique_per": "everywhere"},
    )


def american() -> Bank:
    content = table(
        "Transaction Date,Post Date,Description,Type,Amount,Customer Number,Transaction ID,Status",
        lambda n: (
            f"{moment(n):%m/%d/%Y %I:%M %p}",
            f"{moment(n + 1):%m/%d/%Y}",
            "STORE",
            ("DEBIT", "CREDIT", "DEBIT")[n % 3],
            f"${value(n):,.2f}",
            10_000 + n % 17,
            f"TX-{n}",
            "Pending" if n % 20 == 0 else "Posted",
        ),
    )
    return Bank(
        "american",
        content,
        {
            "currency": "USD",
            "columns.transaction_id.name": "Transaction ID",
            "columns.customer_id.name": "Customer Number",
            "columns.transaction_date.name": "Transaction Date",
            "columns.transaction_date.format": "M/d/yyyy h:mm a",
            "columns.amount.name": "Amount",
            "columns.amount.thousands_separator": ",",
            "columns.direction.name": "Type",
            "columns.direction.spending": ["DEBIT"],
            "columns.direction.income": ["CREDIT"],
        },
        frozenset({"currency"}),
    )


def signed_by_type() -> Bank:
    content = table(
        "transaction_id,client_id,date,amount,dc",
        lambda n: (
            f"{n * 13:07d}",
            n % 17 + 1,
            f"{moment(n):%Y%m%d}",
            f"{-value(n) if n % 3 else value(n):.2f}",
            "D" if n % 3 else "C",
        ),
    )
    return Bank(
        "sign and letter agree",
        content,
        {
            "currency": "EUR",
            "columns.transaction_id.name": "transaction_id",
            "columns.customer_id.name": "client_id",
            "columns.transaction_date.name": "date",
            "columns.transaction_date.format": "yyyyMMdd",
            "columns.amount.name": "amount",
            "columns.amount.negative": "spending",
        },
        frozenset({"currency"}),
    )


def words_of_type() -> Bank:
    kinds = ("PAYMENT", "TRANSFER", "CASH_IN", "PAYMENT")
    content = table(
        "step_time,type,amount,customer,reference",
        lambda n: (
            int(moment(n).timestamp()),
            kinds[n % 4],
            f"{value(n):.2f}",
            f"C{n % 17}",
            f"Z{n}",
        ),
    ).replace(b"step_time", b"timestamp", 1)
    return Bank(
        "a type of many words",
        content,
        {
            "currency": "EUR",
            "time_zone": "UTC",
            "columns.transaction_id.name": "reference",
            "columns.customer_id.name": "customer",
            "columns.transaction_date.name": "timestamp",
            "columns.transaction_date.format": "epoch_seconds",
            "columns.amount.name": "amount",
            "columns.direction.name": "type",
            "columns.direction.spending": ["PAYMENT", "TRANSFER"],
            "columns.direction.income": ["CASH_IN"],
        },
        frozenset(
            {"currency", "time_zone", "columns.direction.spending", "columns.direction.income"}
        ),
    )


def invoices() -> Bank:
    content = table(
        "InvoiceNo\tQuantity\tUnitPrice\tInvoiceDate\tCustomerID\tCountry",
        lambda n: (
            f"{536365 + n // 3}",
            n % 6 + 1,
            f"{value(n) / 100:.2f}",
            f"{moment(n):%d/%m/%Y %H:%M}".lstrip("0"),
            17850 + n % 17,
            "France" if n % 2 else "Germany",
        ),
        "\t",
    ).replace(b"InvoiceDate", b"Order Date", 1)
    return Bank(
        "quantity and price",
        content,
        {
            "currency": "GBP",
            "file.delimiter": "\t",
            "columns.customer_id.name": "CustomerID",
            "columns.transaction_date.name": "Order Date",
            "columns.transaction_date.format": "d/M/yyyy HH:mm",
            "columns.quantity.name": "Quantity",
            "columns.unit_price.name": "UnitPrice",
            "columns.location.name": "Country",
        },
        frozenset({"currency", "columns.transaction_id.unique_per"}),
        answers={"columns.transaction_id.unique_per": "none"},
    )


def parts_of_a_day() -> Bank:
    content = table(
        "Year,Month,Day,Time,Client,Sum,Ccy,Age",
        lambda n: (
            moment(n).year,
            moment(n).month,
            moment(n).day,
            f"{moment(n):%H:%M}",
            n % 17 + 1,
            f"{value(n):.2f}",
            "CHF" if n % 9 else "USD",
            20 + n % 50,
        ),
    )
    return Bank(
        "a day in three columns",
        content,
        {
            "currency": "CHF",
            "columns.customer_id.name": "Client",
            "columns.transaction_date.names": ["Day", "Month", "Year"],
            "columns.transaction_date.format": "d M yyyy",
            "columns.transaction_time.name": "Time",
            "columns.transaction_time.format": "HH:mm",
            "columns.amount.name": "Sum",
            "columns.currency.name": "Ccy",
            "columns.currency.rates": {"USD": Decimal("0.88")},
            "columns.age.name": "Age",
        },
        frozenset({"currency"}),
        answers={"columns.currency.rates": "USD=0.88"},
    )


def utf16() -> Bank:
    content = table(
        "Txn ID\tCustomer\tDate\tAmount (JPY)",
        lambda n: (f"T{n}", customer(n), f"{moment(n):%Y/%m/%d}", int(value(n))),
        "\t",
        encoding="utf-16",
    )
    return Bank(
        "utf-16",
        content,
        {
            "currency": "JPY",
            "file.encoding": "utf-16",
            "file.delimiter": "\t",
            "columns.transaction_id.name": "Txn ID",
            "columns.customer_id.name": "Customer",
            "columns.transaction_date.name": "Date",
            "columns.transaction_date.format": "yyyy/M/d",
            "columns.amount.name": "Amount (JPY)",
        },
    )


def per_customer() -> Bank:
    content = table(
        "sep=;\nCustomer;Transaction No;Date;Amount;Gender;City;DOB",
        lambda n: (
            customer(n),
            n // 17 + 1,
            f"{moment(n // 3):%d-%m-%y}",
            f"{value(n):.2f} USD",
            ("male", "female", "")[n % 3],
            ("Pune", "Leeds", "N/A")[n % 3],
            f"{datetime(1950 + n % 50, 5, 13 + n % 15):%d-%m-%y}",
        ),
        ";",
    )
    return Bank(
        "IDs of each customer",
        content,
        {
            "currency": "USD",
            "file.delimiter": ";",
            "columns.transaction_id.name": "Transaction No",
            "columns.transaction_id.unique_per": "customer",
            "columns.customer_id.name": "Customer",
            "columns.transaction_date.name": "Date",
            "columns.transaction_date.format": "d-M-yy",
            "columns.amount.name": "Amount",
            "columns.gender.name": "Gender",
            "columns.gender.nullable": True,
            "columns.gender.values": {"male": "M", "female": "F"},
            "columns.location.name": "City",
            "columns.location.nullable": True,
            "columns.location.placeholders": ["N/A"],
            "columns.birth_date.name": "DOB",
            "columns.birth_date.nullable": True,
            "columns.birth_date.format": "d-M-yy",
        },
    )


def swiss() -> Bank:
    content = table(
        "Kunde;Datum;Belastung;Gutschrift;Saldo CHF;Buchungs-ID",
        lambda n: (
            f"{n % 17 + 100}",
            f"{moment(n).day:02d}. {SHORT_GERMAN[moment(n).month - 1]} {moment(n).year}",
            "" if n % 4 == 0 else grouped(-value(n) * 10, "'", "."),
            grouped(value(n) * 10, "'", ".") if n % 4 == 0 else "",
            grouped(value(n) * 20, "'", "."),
            f"{n * 31 + 7:06d}",
        ),
        ";",
    )
    return Bank(
        "swiss",
        content,
        {
            "currency": "CHF",
            "columns.customer_id.name": "Kunde",
            "columns.transaction_id.name": "Buchungs-ID",
            "columns.transaction_date.name": "Datum",
            "columns.transaction_date.format": "d. MMM yyyy",
            "columns.transaction_date.month_names": SHORT_GERMAN,
            "columns.debit.name": "Belastung",
            "columns.debit.negated": True,
            "columns.debit.thousands_separator": "'",
            "columns.credit.name": "Gutschrift",
            "columns.credit.thousands_separator": "'",
            "columns.balance.name": "Saldo CHF",
            "columns.balance.thousands_separator": "'",
        },
    )


def dutch() -> Bank:
    content = table(
        "Datum;Naam;Rekening;Tegenrekening;Code;Af Bij;Bedrag (EUR);Mutatiesoort",
        lambda n: (
            f"{moment(n):%Y%m%d}",
            "A. de Vries",
            f"NL{n % 17:02d}INGB000{n % 17:04d}",
            f"NL99ABNA{n:010d}",
            ("GT", "BA")[n % 2],
            ("Af", "Bij")[n % 3 == 0],
            grouped(value(n), "", ","),
            ("Online bankieren", "Betaalautomaat")[n % 2],
        ),
        ";",
    )
    return Bank(
        "dutch",
        content,
        {
            "currency": "EUR",
            "columns.customer_id.name": "Rekening",
            "columns.transaction_date.name": "Datum",
            "columns.transaction_date.format": "yyyyMMdd",
            "columns.amount.name": "Bedrag (EUR)",
            "columns.amount.decimal_separator": ",",
            "columns.direction.name": "Af Bij",
            "columns.direction.spending": ["AF"],
            "columns.direction.income": ["BIJ"],
        },
        # Of the other columns, one has values that are all different: is it the transaction's ID?
        frozenset({"columns.transaction_id.name"}),
        answers={"columns.transaction_id.name": "none"},
    )


def czech() -> Bank:
    content = table(
        "trans_id;account_id;date;type;amount;balance",
        lambda n: (
            695_247 + n * 7,
            n % 17 + 1,
            f"{moment(n):%y%m%d}",
            ("PRIJEM", "VYDAJ", "VYBER")[n % 3],
            f"{value(n):.1f}",
            f"{value(n) * 3:.1f}",
        ),
        ";",
    )
    return Bank(
        "words of a language that is not known",
        content,
        {
            "currency": "CZK",
            "columns.transaction_id.name": "trans_id",
            "columns.customer_id.name": "account_id",
            "columns.transaction_date.name": "date",
            "columns.transaction_date.format": "yyMMdd",
            "columns.amount.name": "amount",
            "columns.balance.name": "balance",
            "columns.direction.name": "type",
            "columns.direction.spending": ["VYDAJ", "VYBER"],
            "columns.direction.income": ["PRIJEM"],
        },
        frozenset({"currency", "columns.direction.name"}),
    )


def marked_credits() -> Bank:
    content = table(
        "Txn Id,Customer Id,Txn Date,Amount INR,Dr/Cr",
        lambda n: (
            f"T{n}",
            customer(n),
            f"{moment(n):%d-%b-%Y %H:%M:%S}",
            lakh(value(n) * 40),
            "CR" if n % 4 == 0 else "",
        ),
    )
    return Bank(
        "credits alone are marked",
        content,
        {
            "currency": "INR",
            "number_format": "lakh",
            "columns.transaction_id.name": "Txn Id",
            "columns.customer_id.name": "Customer Id",
            "columns.transaction_date.name": "Txn Date",
            "columns.transaction_date.format": "d-MMM-yyyy HH:mm:ss",
            "columns.amount.name": "Amount INR",
            "columns.amount.thousands_separator": ",",
            "columns.direction.name": "Dr/Cr",
            "columns.direction.spending": [""],
            "columns.direction.income": ["CR"],
        },
        frozenset({"columns.direction.spending"}),
        answers={"columns.direction.spending": "empty"},
    )


def unknown_header() -> Bank:
    content = table(
        "A;B;C;D",
        lambda n: (customer(n), f"{moment(n):%Y-%m-%d}", f"{value(n):.2f}", f"{value(n) * 2:.2f}"),
        ";",
    )
    return Bank(
        "names that say nothing",
        content,
        {
            "currency": "USD",
            "columns.customer_id.name": "A",
            "columns.transaction_date.name": "B",
            "columns.transaction_date.format": "yyyy-MM-dd",
            "columns.amount.name": "C",
        },
        frozenset(
            {
                "currency",
                "columns.customer_id.name",
                "columns.transaction_date.name",
                "columns.amount.name",
            }
        ),
    )


BANKS = tuple(
    make()
    for make in (
        *(german, french, indian, spanish, american, swiss, utf16, invoices, parts_of_a_day),
        *(ambiguous_days, ambiguous_thousands, two_customers, signed_by_type, words_of_type),
        *(per_customer, dutch, czech, marked_credits, unknown_header),
    )
)
