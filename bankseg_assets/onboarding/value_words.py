"""Words that banks use as values: directions, genders, placeholders, totals, states."""

from bankseg_assets.onboarding.header_words import plain, words

SPENDING_WORDS = words("""
    d dr db debit debits debited dbit withdrawal withdrawals withdraw out outflow paidout moneyout
    purchase payment soll lastschrift belastung ausgabe ausgang cargo cargos debe debito debitos
    egreso
    gasto retiro retrait debits sortie depense addebito uscita dare af afschrijving saida debet
    """)
"""Without accents, case and blanks: the customer's money goes out."""
INCOME_WORDS = words("""
    cr credit credits credited crdt deposit deposits in inflow paidin moneyin salary haben
    gutschrift
    einnahme eingang abono abonos haber credito creditos ingreso deposito versement entree recette
    accredito entrata avere bij bijschrijving entrada
    """)
LETTER_PAIRS = {
    frozenset("dc"): ("d", "c"),
    frozenset("sh"): ("s", "h"),
    frozenset("dh"): ("d", "h"),
    frozenset("ca"): ("c", "a"),
    frozenset("da"): ("d", "a"),
}
"""Letters of a column -> spending and income: debit and credit, Soll and Haben, debe and haber,
cargo and abono, dare and avere."""
RARE_PAIRS = {
    ("c", "a"): words("cargo abono tipo movimiento apunte"),
    ("d", "a"): words("dare avere segno tipo movimento"),
}
"""Letters with this meaning only if the header is in that language."""

FEMALE = words("f female woman w weiblich frau mujer femenino femme feminin femmina vrouw")
MALE = words("m male man maennlich mannlich herr hombre masculino homme masculin maschio varon")
GENDER_PAIRS = (
    *(("f", "m"), ("w", "m"), ("female", "male"), ("weiblich", "männlich"), ("frau", "herr")),
    *(("femenino", "masculino"), ("mujer", "hombre"), ("femme", "homme"), ("féminin", "masculin")),
)
OTHER_GENDERS = {"d": "D", "divers": "D", "x": "X", "t": "T", "transgender": "T", "other": "O"}

PLACEHOLDERS = words("""
    nan null (null) <null> none n/a #n/a na nil nat - -- --- . ? #null! \\n unknown unbekannt
    desconocido inconnu
    """)
"""Placeholders for a missing value, in lower case."""
PLACEHOLDER_DATES = words("""
    1/1/1800 01/01/1800 1800-01-01 1/1/1900 01/01/1900 1900-01-01 01.01.1900 1.1.1900 01-01-1900
    9999-12-31 31/12/9999 31.12.9999 0000-00-00 00/00/0000 00.00.0000 0001-01-01 01/01/0001
    """)
_FOOTERS = (
    *("grand total", "sub total", "subtotal", "totals", "total", "summe", "gesamt", "gesamtsumme"),
    *("endsaldo", "suma", "totale", "totaal", "opening balance", "closing balance", "end of"),
    *("*** end", "***", "number of records", "record count", "anzahl", "zwischensumme", "eof"),
)
STATES = words("""
    posted booked settled completed complete success successful ok approved gebucht ejecutado
    comptabilise pending declined failed failure rejected reversed cancelled canceled void abgelehnt
    vorgemerkt storniert pendiente rechazado anulado refuse enattente
    """)
UNSETTLED = words("""
    pending declined failed failure rejected reversed cancelled canceled void abgelehnt vorgemerkt
    storniert pendiente rechazado anulado refuse enattente
    """)


def is_placeholder(value: str) -> bool:
    """Return whether a value is a placeholder."""
    return value.lower() in PLACEHOLDERS


def footer_word(text: str) -> str:
    """Return the start of a totals line, as written; empty if it is not one."""
    shown = text.lstrip(' "')
    lower = shown.lower()
    for word in _FOOTERS:
        following = lower[len(word) : len(word) + 1]
        if lower.startswith(word) and not following.isalnum():
            return shown[: len(word)]
    return ""


def direction_of(value: str) -> str:
    """Return `spending` or `income` for a known word; empty for a letter or another word."""
    key = "".join(plain(value))
    if key in SPENDING_WORDS and len(key) > 1:
        return "spending"
    return "income" if key in INCOME_WORDS and len(key) > 1 else ""
