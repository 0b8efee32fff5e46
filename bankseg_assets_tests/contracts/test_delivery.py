"""The delivery contract: one file that an operator edits, with all errors reported."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bankseg_assets.contracts.delivery import (
    ContractError,
    DeliveryContract,
    RowFilter,
    load_contract,
)
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT

EXAMPLE = DEFAULT_CONTRACT.parent / "docs" / "contracts" / "differently_shaped_bank.toml"
SHIPPED = DEFAULT_CONTRACT.read_text(encoding="utf-8")


def load(folder: Path, text: str) -> DeliveryContract:
    path = folder / "contract.toml"
    path.write_text(text, encoding="utf-8")
    return load_contract(path)


def test_the_shipped_contract_is_the_default() -> None:
    contract = load_contract(DEFAULT_CONTRACT)
    assert contract == DeliveryContract()
    assert contract.genders == ("M", "F", "T")
    assert contract.header["amount"] == "TransactionAmount (INR)"
    assert contract.columns["birth_date"].has_two_digit_year


def test_another_bank_is_another_file() -> None:
    contract = load_contract(EXAMPLE)
    assert "gender" not in contract.header
    assert contract.genders == ()
    assert contract.columns["transaction_date"].has_time
    assert not contract.columns["birth_date"].has_two_digit_year


def test_fingerprint_ignores_comments(tmp_path: Path) -> None:
    same = load(tmp_path, "# another comment\n" + SHIPPED)
    assert same.fingerprint == DeliveryContract().fingerprint
    changed = load(tmp_path, SHIPPED.replace('currency = "INR"', 'currency = "EUR"'))
    assert changed.fingerprint != same.fingerprint
    assert replace(same, currency="EUR").fingerprint == changed.fingerprint


def test_features_named_by_the_contract_are_known_ones(tmp_path: Path) -> None:
    """They change only the models, so nothing is cleaned again."""
    named = load(tmp_path, 'features = ["recency", "log_monetary"]\n' + SHIPPED)
    assert named.features == ("recency", "log_monetary")
    assert named.fingerprint == DeliveryContract().fingerprint
    with pytest.raises(ContractError, match=r"features has \['age'\]; expected some of recency, "):
        load(tmp_path, 'features = ["age"]\n' + SHIPPED)


def test_holdings_settings_do_not_affect_transactions(tmp_path: Path) -> None:
    start, _ = SHIPPED.split("[holdings.customer_id]")
    without = load(tmp_path, start)
    assert without == DeliveryContract()
    other = load(tmp_path, SHIPPED.replace('name = "product"', 'name = "ProductCode"'))
    assert other.fingerprint == without.fingerprint
    assert other.of_holdings().fingerprint != without.of_holdings().fingerprint


def test_a_file_of_holdings_has_columns_of_its_own(tmp_path: Path) -> None:
    contract = load(tmp_path, SHIPPED.replace('name = "product"', 'name = "ProductCode"'))
    assert contract.of_holdings().header == {"customer_id": "customer_id", "product": "ProductCode"}
    assert contract.of_holdings().table.names[:2] == ["customer_id", "product"]
    assert "product" not in contract.header


def test_layout_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    """Contracts from before the setting keep their fingerprint."""
    plain = load(tmp_path, SHIPPED.replace("[file]", "[file]\nheader_line = 1"))
    assert plain.fingerprint == DeliveryContract().fingerprint
    text = "[file]\nheader_line = 5\nfooter_lines = 1\nfooter_starts_with = ['\"Total']"
    changed = load(tmp_path, SHIPPED.replace("[file]", text))
    assert changed.layout == FileLayout(5, 1, ("Total",))
    assert changed.fingerprint != plain.fingerprint
    assert changed.of_holdings().layout == FileLayout()


def test_layout_of_holdings_is_their_own(tmp_path: Path) -> None:
    text = SHIPPED + "\n[holdings.file]\nheader_line = 3\n"
    contract = load(tmp_path, text)
    assert contract.of_holdings().layout.header_line == 3
    assert contract.fingerprint == DeliveryContract().fingerprint
    assert contract.of_holdings().fingerprint != DeliveryContract().of_holdings().fingerprint


def test_a_value_may_be_translated(tmp_path: Path) -> None:
    text = SHIPPED.replace('["M", "F", "T"]', '{ male = "M", m = "M", Female = "F" }')
    contract = load(tmp_path, text)
    assert contract.columns["gender"].values == {"MALE": "M", "M": "M", "FEMALE": "F"}
    assert contract.genders == ("M", "F")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("currency", "currncy", "currncy is unknown; expected one of currency, "),
        ('currency = "INR"', "", "currency is missing; expected three letters"),
        ('"INR"', "7", "currency is 7; expected three letters, such as INR"),
        ('"INR"', '"Rs"', "currency is 'Rs'; expected three letters"),
        ('"lakh"', '"crore"', "number_format is 'crore'; expected 'lakh' or 'plain'"),
        ('key = "customer_id"', 'key = " "', "customer_key is ' '; expected a Spark SQL"),
        ('delimiter = ","', 'delimiter = ",,"', "file.delimiter is ',,'; expected one ASCII"),
        ('delimiter = ","', "delimiter = '\"'", "file.delimiter is '\"'; expected one ASCII"),
        ('"utf-8"', '"utf-9"', "file.encoding is 'utf-9'; expected a codec's name"),
        ('"utf-8"', '"base64"', "file.encoding is 'base64'; expected a codec's name"),
        (
            "[file]",
            "[file]\nheader_line = 0",
            "header_line is 0; expected a whole number from 1 to ",
        ),
        ("[file]", "[file]\nheader_line = true", "header_line is True; expected a whole number"),
        ("[file]", "[file]\nheader_line = '5'", "header_line is '5'; expected a whole number"),
        ("[file]", "[file]\nfooter_lines = 101", "footer_lines is 101; expected .* from 0 to 100"),
        (
            "[file]",
            "[file]\nfooter_starts_with = 'T'",
            "footer_starts_with is 'T'; expected a list",
        ),
        (
            "[file]",
            "[file]\nfooter_starts_with = ['']",
            "footer_starts_with has ''; expected a list",
        ),
        (
            "[file]",
            "[file]\nfooter_starts_with = [1]",
            "footer_starts_with is .1.; expected a list",
        ),
        ("[file]", '[file]\nfooter_starts_with = ["T\\n"]', "footer_starts_with has 'T.n'; expect"),
        ("[file]", "[file]\nheader_lines = 2", "file.header_lines is unknown; expected one of hea"),
        (
            "[holdings.product]",
            "[holdings.file]\ndelimiter = ','\n[holdings.product]",
            "holdings.file.delimiter is unknown; expected one of header_line, footer_lines",
        ),
        ("[file]", "[[file]]", "file is .*expected a table"),
        ("[columns.amount]", "[columns.amonut]", "columns.amonut is unknown; expected one of tra"),
        ("[columns.gender]", "[columns.gender]\nformat='d'", "columns.gender.format is unknown"),
        ('name = "CustGender"', "", "columns.gender.name is missing; expected the header's name"),
        ('"CustGender"', '"CustomerID"', "gender.name is also customer_id; expected one colu"),
        ('values = ["M", "F", "T"]', "values = 3", "columns.gender.values is 3; expected a list"),
        ('values = ["M", "F", "T"]', "values = [3]", "columns.gender.values is .3.; expected a l"),
        ("nullable = true", 'nullable = "yes"', "nullable is 'yes'; expected true or false"),
        ("minimum = 0", 'minimum = "0"', "balance.minimum is '0'; expected a number"),
        ("minimum = 0", "minimum = true", "balance.minimum is True; expected a number"),
        ("'[A-Za-z]", "'([A-Za-z]", "pattern is .*expected a regular expression .missing"),
        ('["1/1/1800", "nan"]', '"nan"', "placeholders is 'nan'; expected a list of texts"),
        ('"d/M/yy"', '"D/M/YY"', "birth_date.format is 'D/M/YY'; expected a pattern of yyyy yy"),
        ('"d/M/yy"', '"M/yy"', "birth_date.format is 'M/yy'; expected a pattern"),
        ('"d/M/yy"', '"d/M/yy HH:mm"', "birth_date.format is 'd/M/yy HH:mm'; expected a pat"),
        ('format = "HHmmss"', "", "transaction_time.format is missing; expected text"),
        ('"HHmmss"', '"hhmmss"', "transaction_time.format is 'hhmmss'; expected a pattern"),
        (
            'name = "TransactionDate"\nformat = "d/M/yy"',
            'name = "TransactionDate"\nformat = "d/M/yy HH:mm"',
            "columns.transaction_time.format is set; expected no transaction_time",
        ),
        *(
            ("minimum = 0", f"thousands_separator = {text}", f"thousands_separator is {message}")
            for text, message in (
                ('""', "''; expected ',', '.', a space or an apostrophe"),
                ('"_"', "'_'; expected"),
                ('", "', "', '; expected"),
                ("3", "3; expected"),
                ('"."', "'.', the same as decimal_separator; expected two different ones"),
            )
        ),
        *(
            ("number_format", f"currency_symbols = {text}\nnumber_format", f"symbols {message}")
            for text, message in (
                ('"Rs"', "is 'Rs'; expected a list of texts"),
                ('["Rs", "-"]', r"has \['-'\]; expected texts without digits"),
                ('["5"]', r"has \['5'\]; expected texts"),
                ('["(R)"]', r"has \['\(R\)'\]; expected texts"),
                ('[" "]', r"has \[''\]; expected texts"),
                ('["."]', r"has \['.'\]; expected texts"),
                ('["usd"]', r"has \['usd'\]; expected no code of another currency"),
            )
        ),
        ('"HHmmss"', '"hh:mm"', "transaction_time.format is 'hh:mm'; expected a pattern of"),
        (
            'name = "TransactionDate"\nformat = "d/M/yy"',
            'name = "TransactionDate"\nformats = ["d/M/yy", "M/d/yy"]',
            "columns.transaction_date.formats reads '2/1/01' as 2001-01-02 00:00:00 and as 2001-02",
        ),
        ('format = "d/M/yy"', 'formats = "d/M/yy"', "birth_date.formats is 'd/M/yy'; expected a l"),
        ('format = "d/M/yy"', "formats = []", "birth_date.formats is ..; expected a list of form"),
        ('format = "d/M/yy"', 'formats = ["d/y"]', "birth_date.formats is 'd/y'; expected a patt"),
        (
            'format = "d/M/yy"',
            'format = "d/M/yy"\nformats = ["d/M/yy"]',
            "birth_date.formats is set; expected format or formats, not both",
        ),
        ('"d/M/yy"', '"d/M/yy"\nmonth_names = ["ene"]', "month_names is .'ene'.; expected twelve"),
        (
            'name = "TransactionDate"\nformat = "d/M/yy"',
            'name = "TransactionDate"\nformats = ["d/M/yy", "excel_serial"]',
            "transaction_date.formats has 'excel_serial'; expected patterns",
        ),
        *(
            ("[file]", f'time_zone = "{name}"\n[file]', "time_zone is .*; expected an IANA")
            for name in ("IST", "Asia/Kolkatta", "+05:30", "Asia", "A/../Kolkata")
        ),
        ("[holdings.product]", "[holdings.prod]", "holdings.prod is unknown; expected one of cus"),
        ('[holdings.product]\nname = "product"', "", "holdings.product is missing; expected a ta"),
        ('name = "product"', "", "holdings.product.name is missing; expected the header's name"),
        ('name = "product"', 'name = "customer_id"', "holdings.*product.name is also customer"),
        ('name = "product"', 'name = "p"\nnullable = true', "product.nullable is unknown; expec"),
        ("currency =", "currency", "is not valid TOML"),
        ('currency = "INR"', 'currency = "?"', "currency is '.'; expected the bank's answer"),
        ('format = "d/M/yy"', 'format = "?"', "columns.birth_date.format is '.'; expected the b"),
        ("[file]", "currency_decimals = 5\n[file]", "currency_decimals is 5; expected a whole num"),
        ("[file]", "spending = 'debit'\n[file]", "spending is set; expected .columns.debit. or"),
        ("[file]", "spending = 'out'\n[file]", "spending is 'out'; expected 'debit' or 'credit'"),
        ("[file]", "[file]\nsheet = 1", "file.sheet is 1; expected a sheet's name"),
        *(
            ("[file]", f"[[row_filters]]\n{text}\n[file]", f"row_filters.0..{message}")
            for text, message in (
                ("keep = ['x']", "column is missing; expected the header's name"),
                ("column = 'S'", "keep is missing; expected the values of rows to keep, or drop"),
                ("column = 'S'\nkeep = 'x'", "keep is 'x'; expected a list of values"),
                ("column = 'S'\nkeep = []", "keep is ..; expected a list of values"),
                ("column = 'S'\nkeep = ['x']\ndrop = ['y']", "drop is set; expected keep or dro"),
                ("column = 'S'\nonly = ['x']", "only is unknown; expected one of column, keep"),
            )
        ),
        *(
            ('name = "CustLocation"', text, f"columns.location.{message}")
            for text, message in (
                ("", "name is missing; expected the header's name"),
                ("name = 'a'\nnames = ['a', 'b']", "names is set; expected name or names"),
                ("names = ['a']", "names is .'a'.; expected two different names or more"),
                ("names = ['a', ' ']", "names is ' '; expected the header's name"),
                ("name = 'a'\njoined_by = '-'", "joined_by is set; expected names, whose"),
            )
        ),
        *(
            ("[columns.amount]", f"[columns.amount]\n{text}", f"columns.amount{message}")
            for text, message in (
                ("spending = ['Dr']", ".income is missing; expected the words of income"),
                ("income = ['Cr']", ".spending is missing; expected the words of spending"),
                ("spending = ['Cr']\nincome = ['CR']", ".income has .'CR'.; expected no word of"),
                ("spending = ['D1']\nincome = ['C']", ".spending has 'D1'; expected words with"),
                ("spending = ['-']\nincome = ['C']", ".spending has '-'; expected words with"),
                ("spending = ['Rs']\nincome = ['C']", " has .'RS'.; expected no sign of the cur"),
            )
        ),
        *(
            ("[columns.balance]", f"[columns.balance]\n{text}", f"columns.balance.{message}")
            for text, message in (
                ("positive_words = ['Cr']", "positive_words is set; expected negative_words"),
                ("negative_words = ['']", "positive_words has ....; expected no word of negative"),
            )
        ),
        *(
            ("[columns.gender]", f"{text}\n[columns.gender]", f"columns.{message}")
            for text, message in (
                ("[columns.debit]\nname = 'D'", "debit is set; expected no other amount besid"),
                ("[columns.quantity]\nname = 'Q'", "unit_price is missing; expected a table, bec"),
                ("[columns.age]\nname = 'A'", "age is set; expected age or birth_date, not bo"),
                (
                    "[columns.direction]\nname = 'D'\nspending = ['D']",
                    "direction.income is missing; expected a list of values",
                ),
                (
                    "[columns.direction]\nname = 'D'\nspending = ['D']\nincome = ['d', 'C']",
                    r"direction.income has \['D'\]; expected no value of spending",
                ),
                ("[columns.currency]\nname = 'C'\nrates = {XXZ = 2}", "currency.rates has .'XXZ'"),
                ("[columns.currency]\nname = 'C'\nrates = {USD = 0}", "currency.rates has .'USD'"),
                ("[columns.currency]\nname = 'C'\nrates = {USD = '2'}", "currency.rates is {'USD'"),
                ("[columns.currency]\nname = 'C'\nrates = {INR = 1}", "currency.rates has 'INR'; "),
                ("[columns.currency]\nname = 'C'\nconverts = ['x']", "currency.converts is .'x'."),
                ("[columns.currency]\nname = 'C'\nconverts = []", "currency.converts is ..; expec"),
            )
        ),
        ("[0-9]{1,18}", "(?P<n>[0-9])", "transaction_id.pattern is .*in place of .\\?P<name>"),
        (
            '"TransactionID"',
            '"TransactionID"\nunique_per = "bank"',
            "unique_per is 'bank'; expected",
        ),
    ],
)
def test_error_names_file_key_expectation_and_finding(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in SHIPPED
    with pytest.raises(ContractError, match=rf"The contract .*contract\.toml:? [a-z_.]*{message}"):
        load(tmp_path, SHIPPED.replace(old, new, 1))


def test_contract_may_name_time_zone_formats_and_months(tmp_path: Path) -> None:
    months = [f"m{number}" for number in range(1, 13)]
    text = SHIPPED.replace(
        'name = "TransactionDate"\nformat = "d/M/yy"',
        f'name = "TransactionDate"\nformats = ["d/M/yy", "d-MMM-yyyy"]\nmonth_names = {months}',
    ).replace("[file]", 'time_zone = "Asia/Kolkata"\n[file]')
    contract = load(tmp_path, text)
    rule = contract.columns["transaction_date"]
    assert contract.time_zone == "Asia/Kolkata"
    assert (rule.formats, rule.month_names) == (("d/M/yy", "d-MMM-yyyy"), tuple(months))
    assert (rule.has_two_digit_year, rule.has_time) == (True, False)
    assert contract.fingerprint != DeliveryContract().fingerprint


@pytest.mark.parametrize("form", ["epoch_seconds", "yyyy-MM-ddTHH:mm:ssXXX"])
def test_contract_needs_a_time_zone_for_instants(tmp_path: Path, form: str) -> None:
    text = EXAMPLE.read_text("utf-8").replace("yyyy-MM-dd HH:mm:ss", form)
    expected = rf"time_zone is missing; expected .* Asia/Kolkata, because '{form}' in columns\.tran"
    with pytest.raises(ContractError, match=expected):
        load(tmp_path, text)
    assert load(tmp_path, 'time_zone = "UTC"\n' + text).time_zone == "UTC"


def test_fingerprint_ignores_settings_that_are_not_used() -> None:
    """Otherwise an update of the platform would clean every bank's files again."""
    found = DeliveryContract().fingerprint
    assert found == "3243024eac2ecf2b5ada9e267ebc831d00b17f92a4c566c06168bb9d5df627e3"


def test_a_needed_column_cannot_be_left_out(tmp_path: Path) -> None:
    start, _ = SHIPPED.split("[columns.amount]")
    with pytest.raises(ContractError, match=r"columns\.amount is missing; expected a table"):
        load(tmp_path, start)


def test_missing_contract_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"absent\.toml cannot be read .*BANKSEG_CONTRACT"):
        load_contract(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "kept"), [(",", ","), (" ", " "), ("\u202f", " "), ("\u00a0", " "), ("\u2019", "'")]
)
def test_thousands_separator_is_one_of_its_kind(tmp_path: Path, text: str, kept: str) -> None:
    said = f'minimum = 0\nthousands_separator = "{text}"'
    contract = load(tmp_path, SHIPPED.replace("minimum = 0", said))
    assert contract.columns["amount"].thousands_separator == kept
    assert contract.columns["balance"].thousands_separator == kept


def test_currency_symbols_are_read(tmp_path: Path) -> None:
    contract = load(tmp_path, 'currency_symbols = ["Rupees", " US Dollar "]\n' + SHIPPED)
    assert contract.currency_symbols == ("Rupees", "US Dollar")


@pytest.mark.parametrize(
    ("format_", "takes_iso"),
    [("d/M/yy", True), ("yyyy-MM-dd", True), ("yyyy-dd-MM", False), ("yyyydMM", False)],
)
def test_iso_dates_are_accepted_if_unambiguous(format_: str, *, takes_iso: bool) -> None:
    rule = replace(DeliveryContract().columns["birth_date"], format=format_)
    assert rule.takes_iso_dates is takes_iso


def test_errors_of_a_contract_are_reported_together(tmp_path: Path) -> None:
    text = SHIPPED.replace('"INR"', '"Rs"').replace('"utf-8"', '"utf-9"')
    with pytest.raises(ContractError) as caught:
        load(tmp_path, text.replace("nullable = true", 'nullable = "yes"', 1))
    first, *others = str(caught.value).splitlines()
    assert first.endswith("currency is 'Rs'; expected three letters, such as INR. Further errors:")
    assert others == [
        "- file.encoding is 'utf-9'; expected a codec's name, such as utf-8 or cp1252.",
        "- columns.birth_date.nullable is 'yes'; expected true or false.",
    ]


def test_an_amount_may_be_in_columns_of_its_direction(tmp_path: Path) -> None:
    parts = '[columns.debit]\nname = "Out"\nnegated = true\n[columns.credit]\nname = "In"\n'
    start, end = SHIPPED.split('[columns.amount]\nname = "TransactionAmount (INR)"\nminimum = 0\n')
    contract = load(tmp_path, 'spending = "credit"\n' + start + parts + end)
    assert "amount" not in contract.columns
    assert (contract.columns["debit"].negated, contract.columns["credit"].negated) == (True, False)
    assert contract.spending == "credit"


def test_contract_without_transaction_ids_is_accepted(tmp_path: Path) -> None:
    start, rest = SHIPPED.split("[columns.transaction_id]")
    contract = load(tmp_path, start + rest[rest.index("[columns.customer_id]") :])
    assert "transaction_id" not in contract.columns


def test_words_may_stand_beside_amounts_and_balances(tmp_path: Path) -> None:
    text = SHIPPED.replace("[columns.amount]", "[columns.amount]\nspending=['']\nincome=['Cr ']")
    text = text.replace("[columns.balance]", "[columns.balance]\nnegative_words = ['od']")
    rules = load(tmp_path, text).columns
    assert (rules["amount"].spending, rules["amount"].income) == (("",), ("CR",))
    assert rules["balance"].negative_words == ("OD",)
    assert rules["balance"].positive_words == ("",)


def test_columns_of_other_meanings_are_read(tmp_path: Path) -> None:
    more = """[columns.direction]
name = "CD"
spending = ["d", "Soll"]
income = ["c"]
[columns.currency]
name = "Ccy"
rates = { usd = 83.25, JPY = 1 }
converts = ["amount", "balance"]
[columns.gender]"""
    filters = '[[row_filters]]\ncolumn = "Status"\ndrop = ["declined "]\n[file]'
    text = SHIPPED.replace("[columns.gender]", more).replace("[file]", filters)
    contract = load(tmp_path, text)
    direction, currency = contract.columns["direction"], contract.columns["currency"]
    assert (direction.spending, direction.income) == (("D", "SOLL"), ("C",))
    assert currency.rates == {"USD": Decimal("83.25"), "JPY": Decimal(1)}
    assert currency.converts == ("amount", "balance")
    assert contract.row_filters == (RowFilter("Status", drop=("declined",)),)
    assert contract.fingerprint != DeliveryContract().fingerprint


def test_a_column_may_be_made_of_several(tmp_path: Path) -> None:
    parts = 'names = ["d", "m", "y"]\njoined_by = "/"'
    contract = load(tmp_path, SHIPPED.replace('name = "TransactionDate"', parts))
    rule = contract.columns["transaction_date"]
    assert (rule.names, rule.joined_by) == (("d", "m", "y"), "/")
