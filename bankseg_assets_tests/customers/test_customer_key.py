"""A customer key given at launch may contain only columns and plain functions."""

from pathlib import Path

import pytest

from bankseg_assets.customers.customer_key import (
    BASIS_KEY,
    CustomerKeyError,
    key_in_use,
    launched_key,
)
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore


@pytest.mark.parametrize(
    "key",
    [
        "",
        "customer_id",
        "concat_ws('|', birth_date, gender, location, substr(customer_id, 4, 3))",
        "upper(customer_id) || '-' || date_format(birth_date, 'yyyy')",
        "CONCAT(customer_id, 'reflect(--)')",
    ],
)
def test_launched_key_accepts_columns_and_plain_functions(key: str) -> None:
    assert launched_key(key) == key


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("reflect('java.lang.System', 'exit', 1)", "`reflect`"),
        ("java_method('java.lang.System', 'getenv', 'X')", "`java_method`"),
        ("concat(customer_id, rand())", "`rand`"),
        ("(select max(location) from other)", "`select`"),
        ("customer_id -- x", "`-`"),
        ("customer_id /* x", "`/`"),
        ("'it\\'s'", "`'`"),
        ('"customer_id"', '`"`'),
        ("customer", "`customer`"),
        ("customer_id; drop", "`;`"),
    ],
)
def test_anything_else_is_named_with_what_would_do(key: str, named: str) -> None:
    with pytest.raises(CustomerKeyError) as error:
        launched_key(key)
    assert f"has {named}, which is not allowed" in str(error.value)
    assert "the columns transaction_id, customer_id" in str(error.value)


def test_the_key_of_the_newest_table_counts(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    assert key_in_use(store, "customer_id") == "customer_id"
    with store.draft("rfm_table", "old"):
        pass  # an older build recorded none
    assert key_in_use(store, "customer_id") == "customer_id"
    with store.draft("rfm_table", "new") as draft:
        write_json(draft.path / BASIS_FILE, {BASIS_KEY: "location"})
    assert key_in_use(store, "customer_id") == "location"
