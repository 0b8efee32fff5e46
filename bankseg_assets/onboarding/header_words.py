"""Match header names with our columns, by the words of banks in several languages.

A name matches a column if it contains one of its phrases and otherwise only neutral words
(`Customer Account Balance` is a balance, `Merchant Name` is not a customer).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from bankseg_assets.contracts.currencies import CODES


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


_SAME = {
    **dict.fromkeys(
        ("txn", "txns", "trx", "tran", "trans", "trn", "tx", "transactions"), "transaction"
    ),
    **dict.fromkeys(("no", "nr", "num", "nbr", "nummer", "numero", "num"), "number"),
    **dict.fromkeys(("cust", "cus", "customers"), "customer"),
    **dict.fromkeys(("acct", "acc", "ac", "acnt"), "account"),
    **dict.fromkeys(("amt", "amnt", "amounts"), "amount"),
    **dict.fromkeys(("bal",), "balance"),
    **dict.fromkeys(("dt",), "date"),
    **dict.fromkeys(("ref", "refs"), "reference"),
    **dict.fromkeys(("ccy", "curr", "cur"), "currency"),
    **dict.fromkeys(("withdrawals", "wdl", "withdrawl"), "withdrawal"),
    **dict.fromkeys(("deposits", "dep"), "deposit"),
    **dict.fromkeys(("identifier", "ids"), "id"),
}
_IGNORED = words("the of a de del la las los le les du des d di da do der die das e y i")
_OWNERS = words("customer client account konto cuenta compte conto rekening kunde kunden cliente")
_NEUTRAL = words("transaction bank payment operacion operation operazione movimiento")
"""Words that may stand beside a phrase."""
_NOT_OF_OWNERS = ("transaction_id", "debit", "credit", "amount", "quantity", "unit_price")
"""Not allowed with an owner: `Debit Account` is an account."""

_PHRASES: dict[str, tuple[str, ...]] = {
    "customer_id": (
        """customer id|customer number|customer|customer code|customer key|kundennummer|kundennr
        |kunden number|kunden id|kundenid|kdnr|kd number|kunde|id cliente|cliente|number cliente
        |codigo cliente|cod cliente|cliente id|id client|client|client id|client number|code client
        |codice cliente|klantnummer|klant number|klant id|klant|numero cliente|idcliente""",
        """buyer|buyer id|user id|user|member id|member|cif|cif number|cif id|holder id|party id
        |person id|kaeufer|comprador|acheteur""",
        """account number|account id|account|account iban|iban|konto|kontonummer|konto id|kontonr
        |konto number|auftragskonto|cuenta|number cuenta|compte|number compte|conto|number conto
        |rekening
        |rekeningnummer|conta|card number|pan|card|card id|kartennummer|tarjeta""",
    ),
    "transaction_id": (
        """transaction id|transaction number|transaction reference|transaction key
        |transaktionsnummer|transaktions id|transaktionsid|buchungsnummer|buchungs id|buchungsid
        |umsatz id|id transaccion|number transaccion|number operacion|id operacion|id movimiento
        |id transaction|number transaction|number operation|id operation|id transazione
        |number operazione|transactienummer|transactie id|id transacao|number transacao
        |transaction reference number|utr|utr number|rrn|uetr""",
        """reference|reference number|order id|order number|order|invoice number|invoice
        |receipt number
        |bestellnummer|belegnummer|referenz|referencia|riferimento|reference id|voucher number
        |event id|entry id|entry reference|journal number|number|id|payment id|bestellung|pedido
        |commande|record id|reference number cheque number|cheque number reference number
        |chq reference number""",
    ),
    "birth_date": (
        """dob|date birth|birth date|birthdate|birthday|birth|geburtsdatum|geburtstag|gebdat
        |geb datum
        |fecha nacimiento|nacimiento|date naissance|naissance|data nascita|nascita|geboortedatum
        |data nascimento|nascimento|born""",
    ),
    "gender": ("gender|sex|geschlecht|sexo|genero|sexe|genre|sesso|geslacht",),
    "location": (
        """location|city|town|ort|stadt|wohnort|ciudad|poblacion|localidad|ville|commune|citta
        |comune
        |plaats|woonplaats|cidade|place|stadtteil""",
        "district|region|state|province|provincia|bundesland|county|postcode|plz|zip|pincode|bezirk",
        "country|land|pais|pays|paese",
    ),
    "balance": (
        """balance|account balance|running balance|closing balance|available balance|kontostand
        |saldo
        |balance after|saldo nach buchung|solde|saldo contabile|saldo disponible|saldo disponibile
        |ledger balance|saldo posterior|balance after transaction""",
    ),
    "transaction_date": (
        """transaction date|date transaction|transaction date time|transaction timestamp
        |fecha operacion
        |fecha transaccion|fecha movimiento|date operation|data operazione|data transazione
        |transactiedatum|transaktionsdatum|umsatzdatum|data transacao""",
        """date|datum|fecha|data|placed|order date|bestelldatum|timestamp|date time|datetime
        |created at|created|fecha hora|fecha y hora|datum uhrzeit|zeitpunkt|date heure|when""",
        """posting date|posted date|booking date|book date|post date|buchungstag|buchungsdatum
        |buchung
        |buchungszeit|fecha contable|date comptable|data contabile|boekdatum|boekingsdatum
        |entry date|fecha apunte|data lancamento""",
        """value date|valuta|valutadatum|wertstellung|fecha valor|date valeur|data valuta
        |rentedatum|settlement date""",
    ),
    "transaction_time": (
        """transaction time|time|uhrzeit|zeit|hora|heure|ora|tijd|tijdstip|transaction hour
        |hora operacion|time transaction""",
    ),
    "amount": (
        """transaction amount|amount transaction|umsatzbetrag|buchungsbetrag|importe operacion
        |montant operation|importo operazione""",
        """amount|betrag|umsatz|importe|monto|montant|importo|bedrag|valor|amount local currency
        |total amount|gesamtbetrag|montante|order total|order amount|total|cantidad importe""",
        "sum|summe|value|wert|preis gesamt|gross amount|net amount",
    ),
    "debit": (
        """debit|debit amount|withdrawal|withdrawal amount|dr|dr amount|soll|sollbetrag|belastung
        |cargo
        |cargos|debe|debito|debitos|sortie|sorties|retrait|retraits|addebito|addebiti|uscite|uscita
        |dare|paid out|money out|payments out|ausgabe|ausgaben|ausgang|saidas|debits|amount debit
        |spent|outflow|egreso|egresos|montant debit|importe debito|lastschrift""",
    ),
    "credit": (
        """credit|credit amount|deposit|deposit amount|cr|cr amount|haben|habenbetrag|gutschrift
        |abono
        |abonos|haber|credito|creditos|entree|entrees|versement|versements|accredito|accrediti
        |entrate
        |entrata|avere|paid in|money in|payments in|einnahme|einnahmen|eingang|entradas|credits
        |amount credit|received|inflow|ingreso|ingresos|montant credit|importe credito""",
    ),
    "direction": (
        """dr cr|cr dr|drcr|crdr|dc|debit credit|credit debit|debitcredit|creditdebit|soll haben
        |sollhaben
        |debit credit indicator|credit debit indicator|cdtdbtind|sh|s h|d c|af bij|afbij|sens
        |debe haber|cargo abono|direction|transaction direction|sh kennzeichen|dr cr indicator
        |cr dr indicator|dr or cr|debit or credit|d h|sign|vorzeichen|debit credit flag""",
        """type|transaction type|kind|typ|art|buchungsart|umsatzart|tipo|tipo movimiento
        |tipo operacion|type operation|tipo operazione|indicator|kennzeichen|transactietype""",
    ),
    "quantity": (
        "quantity|qty|menge|anzahl|cantidad|quantite|quantita|aantal|units|unidades|stueck",
    ),
    "unit_price": (
        """unit price|price|price unit|price per unit|preis|einzelpreis|stueckpreis|precio unitario
        |precio|prix unitaire|prix|prezzo unitario|prezzo|prijs""",
    ),
    "currency": (
        """currency|currency code|transaction currency|waehrung|wahrung|moneda|divisa|devise|valuta
        |moeda|munt|account currency|amount currency""",
    ),
    "age": ("age|alter|edad|eta|leeftijd|idade|customer age",),
    "status": (
        """status|transaction status|state|estado|statut|stato|buchungsstatus|payment status
        |status code""",
    ),
    "year": ("year|jahr|ano|annee|anno|jaar",),
    "month": ("month|monat|mes|mois|mese|maand",),
    "day": ("day|tag|dia|jour|giorno|dag|day of month",),
}


def plain(text: str) -> list[str]:
    """Return the words of a text in lower case, without accents and punctuation."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    letters = unicodedata.normalize("NFKD", split).casefold()
    shown = "".join(c for c in letters if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", shown)


def roles_of(name: str) -> dict[str, int]:
    """Return the roles that a header's name may have -> rank, 0 for the clearest."""
    return dict(_roles_of(name))


@lru_cache(maxsize=4096)
def _roles_of(name: str) -> tuple[tuple[str, int], ...]:
    words = [_SAME.get(word, word) for word in plain(name)]
    words = [word for word in words if word not in _IGNORED]
    codes = {code.lower() for code in re.findall(r"\b[A-Z]{3}\b", name) if code in CODES}
    words = [word for word in words if word not in codes] or words
    found = _found(words)
    if codes and not found:  # `Amount in EUR`; but `Paid in EUR` is income
        found = _found([word for word in words if word not in _BEFORE_CODES])
    return tuple(found.items())


_BEFORE_CODES = ("in", "en", "em")


def _found(words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for role, groups in _KNOWN.items():
        distances = [_distance(words, phrases, role) for phrases in groups]
        for wanted in (0, 1):  # an exact phrase ranks before one with additional words
            if role not in found and wanted in distances:
                found[role] = 2 * distances.index(wanted) + wanted
    return found


def currency_in(name: str) -> str:
    """Return the currency in a header's name such as `Amount (INR)`; empty if none."""
    codes = [
        code for code in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", name) if code in CODES
    ]
    return codes[0] if len(set(codes)) == 1 and plain(name) != [codes[0].lower()] else ""


def _distance(words: list[str], phrases: frozenset[tuple[str, ...]], role: str) -> int | None:
    """Return 0 if the words are a phrase, 1 with additional neutral words, else None."""
    if tuple(sorted(words)) in phrases or ("".join(words),) in phrases:
        return 0
    neutral = _NEUTRAL if role in _NOT_OF_OWNERS else _NEUTRAL | _OWNERS
    core = tuple(sorted(word for word in words if word not in neutral))
    return 1 if core and core in phrases else None


def _phrases(text: str) -> Iterator[tuple[str, ...]]:
    for phrase in text.split("|"):
        words = [_SAME.get(word, word) for word in phrase.split()]
        yield tuple(sorted(words))
        yield ("".join(words),)


_KNOWN = {
    role: tuple(frozenset(_phrases(text)) for text in groups) for role, groups in _PHRASES.items()
}
