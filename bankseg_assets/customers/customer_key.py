"""The customer key: the contract's, or one given at launch.

The contract is the operator's own file, so its key may be any Spark SQL expression. A key given at
launch may come from any user of the launcher, and Spark SQL can call Java: it is limited to
columns, texts, numbers and a few deterministic functions.
"""

import json
import re
from pathlib import Path
from typing import Any

from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore

RFM_TABLE = "rfm_table"
BASIS_KEY = "customer_key"
COLUMNS = [name for name in CLEANED_TRANSACTIONS.names if name != "outlier_flags"]
FUNCTIONS = (
    *("concat", "concat_ws", "substr", "left", "right", "upper", "lower", "trim", "lpad"),
    *("coalesce", "date_format", "year", "sha2", "md5"),
)
NULL_KEY_ADVICE = "In the key, use concat_ws instead of concat or ||, or coalesce(column, '')."
_WORDS = {*COLUMNS, *FUNCTIONS}
_TOKEN = re.compile(r"\s+|'[^'\\]*'|[0-9]+|[A-Za-z_][A-Za-z_0-9]*|\|\||[(),]")


class CustomerKeyError(ValueError):
    """A customer key that cannot be used; the message says why and what is allowed."""


def launched_key(text: str) -> str:
    """Validate and return a key given at launch. Raises CustomerKeyError.

    >>> launched_key(" concat_ws('|', birth_date, location) ")
    "concat_ws('|', birth_date, location)"
    """
    place, key = 0, text.strip()
    while place < len(key):
        found = _TOKEN.match(key, place)
        token = found[0] if found else key[place]
        if not found or (token[0].isalpha() and token.lower() not in _WORDS):
            raise CustomerKeyError(
                f"The customer key `{key}` has `{token}`, which is not allowed. A key may use "
                f"the columns {', '.join(COLUMNS)}; texts in single quotes; numbers; and "
                f"{', '.join(FUNCTIONS)}. Set any other key in the contract."
            )
        place = found.end()
    return key


def key_of(version: Path, contract_key: str) -> str:
    """Return the key of a version of rfm_table; the contract's if none is recorded."""
    try:
        found: dict[str, Any] = json.loads((version / BASIS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return contract_key
    return str(found[BASIS_KEY])


def key_in_use(store: VersionStore, contract_key: str) -> str:
    """Return the key of the newest rfm_table; the contract's if there is none."""
    versions = store.versions(RFM_TABLE)
    return key_of(versions[-1], contract_key) if versions else contract_key
