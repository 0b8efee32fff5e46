"""Other names of a model's inputs in lists, in several languages: `Anzahl`, `Balance INR`."""

import re
from functools import cache

from bankseg_assets.contracts.currencies import CODES
from bankseg_assets.onboarding.header_words import plain, roles_of, words

_ROLES = {
    "frequency": "quantity",
    "monetary": "amount",
    "average_balance": "balance",
    "age": "age",
    "gender": "gender",
    "location": "location",
}
"""Input -> the role of a contract's column with the same names."""
_PHRASES = {
    "recency": """recency|days last|days last transaction|days last purchase|days inactive|inactive
        |last seen|last activity|last transaction|tage|tage letzte transaktion|tage letzter umsatz
        |letzte transaktion|recencia|dias|dias ultima transaccion|ultima transaccion|recence|jours
        |derniere transaction|recenza|giorni|recentie|dagen""",
    "frequency": """frequency|freq|count|transactions|number transactions|transaction count
        |count transactions|purchases|orders|number orders|anzahl transaktionen|transaktionen
        |anzahl umsaetze|haeufigkeit|frecuencia|numero transacciones|transacciones|frequence
        |nombre|nombre transactions|frequenza|numero transazioni|frequentie""",
    "monetary": """monetary|monetary value|sum|sum amount|sum amounts|total|total sum|total spend
        |total spending|spend|spending|turnover|revenue|sales|summe|gesamtsumme|umsatz|gesamtumsatz
        |monetario|gasto|gasto total|suma|depense|depenses|chiffre affaires|spesa|omzet""",
    "average_balance": """average balance|avg balance|mean balance|average account balance
        |durchschnittssaldo|durchschnittlicher saldo|mittlerer saldo|saldo promedio|saldo medio
        |solde moyen|gemiddeld saldo""",
}
_IGNORED = words("of the in since der die das de la los")
_UNITS = words("days day transactions count number customer")
_SAME = {"avg": "average", "txn": "transactions", "txns": "transactions", "no": "number"}
_SAME |= {"nr": "number", "num": "number", "amt": "amount", "bal": "balance", "tx": "transactions"}


def is_near(name: str, measure: str) -> bool:
    """Return whether a column's name is another name of an input.

    >>> is_near("Anzahl", "frequency"), is_near("Balance INR", "average_balance")
    (True, True)
    >>> is_near("Recency (days)", "recency"), is_near("Branch", "frequency")
    (True, False)
    """
    if _ROLES.get(measure, "?") in roles_of(name):
        return True
    codes = {code.lower() for code in re.findall(r"\b[A-Z]{3}\b", name) if code in CODES}
    found = [_SAME.get(word, word) for word in plain(name) if word not in codes | _IGNORED]
    short = [word for word in found if word not in _UNITS]
    phrases = _phrases(measure)
    return tuple(sorted(found)) in phrases or tuple(sorted(short or found)) in phrases


@cache
def _phrases(measure: str) -> frozenset[tuple[str, ...]]:
    phrases = _PHRASES.get(measure, "").split("|")
    return frozenset(tuple(sorted(phrase.split())) for phrase in phrases if phrase.strip())
