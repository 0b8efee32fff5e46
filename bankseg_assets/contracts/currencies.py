"""Currency codes, and the signs that are written beside amounts."""

_ISO_4217 = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
    BYN BZD CAD CDF CHF CLF CLP CNH CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD
    FKP GBP GEL GGP GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD
    JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
    MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
    TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XAG XAU XCD XOF XPF YER ZAR ZMW
    ZWG ZWL
"""
CODES = frozenset(_ISO_4217.split())
"""ISO 4217, with recently withdrawn codes and unofficial ones in common use (CNH, GGP)."""

_UNITS: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""Decimals -> currencies with this many in ISO 4217; all others have two."""

_DOLLARS = "AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD XCD"
_PESOS = "ARS CLP COP CUP DOP MXN UYU"
_RUPEES = "INR LKR MUR NPR PKR SCR"
_CROWNS = "DKK ISK NOK SEK"
_POUNDS = "EGP FKP GBP GIP SHP SYP LBP"
_SHILLINGS = "KES SOS TZS UGX"

_SIGNS: dict[str, tuple[str, ...]] = {
    "AED": ("د.إ", "Dh", "Dhs"),
    "AMD": ("֏",),
    "AUD": ("A$", "AU$"),
    "AZN": ("₼", "man."),
    "BDT": ("৳", "Tk", "Tk."),
    "BGN": ("лв", "лв."),
    "BRL": ("R$",),
    "CAD": ("C$", "CA$", "CAD$"),
    "CHF": ("Fr", "Fr.", "SFr", "SFr."),
    "CNY": ("¥", "￥", "元", "CN¥", "RMB"),
    "CZK": ("Kč",),
    "EUR": ("€", "Euro"),
    "GBP": ("Stg",),
    "GEL": ("₾",),
    "GHS": ("GH₵", "₵"),
    "HKD": ("HK$",),
    "HUF": ("Ft",),
    "IDR": ("Rp", "Rp."),
    "ILS": ("₪", "NIS"),
    "INR": ("₹", "Re", "Re.", "रु", "रु."),
    "JPY": ("¥", "￥", "円", "JP¥"),
    "KES": ("KSh", "Ksh.", "KShs"),
    "KRW": ("₩", "￦", "원"),
    "KZT": ("₸",),
    "MXN": ("Mex$", "MX$"),
    "MYR": ("RM",),
    "NGN": ("₦",),
    "NZD": ("NZ$",),
    "PHP": ("₱", "P"),
    "PLN": ("zł",),
    "RON": ("lei", "leu"),
    "RUB": ("₽", "руб", "руб.", "р."),  # noqa: RUF001
    "SAR": ("﷼", "ر.س", "SR"),
    "SGD": ("S$",),
    "THB": ("฿",),
    "TRY": ("₺", "TL"),
    "TWD": ("NT$", "元"),
    "UAH": ("₴", "грн", "грн."),
    "USD": ("$", "US$", "USD$"),
    "VND": ("₫", "đ"),
    "ZAR": ("R",),
}
_SHARED: dict[str, tuple[str, ...]] = {
    _DOLLARS: ("$",),
    _PESOS: ("$",),
    _RUPEES: ("Rs", "Rs.", "₨", "/-", "/="),  # Rs. 500/- is 500 rupees, 0 paise
    _CROWNS: ("kr", "kr."),
    _POUNDS: ("£",),
    _SHILLINGS: ("Sh", "Sh.", "/-", "/="),
}


def decimals(currency: str) -> int:
    """Return how many decimals ISO 4217 gives a currency: 2 for most, also for unknown codes.

    >>> decimals("INR"), decimals("JPY"), decimals("KWD"), decimals("CLF")
    (2, 0, 3, 4)
    """
    return next((number for number, codes in _UNITS.items() if currency in codes.split()), 2)


def signs(currency: str) -> tuple[str, ...]:
    """Return the code and the usual signs of a currency."""
    shared = [texts for codes, texts in _SHARED.items() if currency in codes.split()]
    return (currency, *_SIGNS.get(currency, ()), *(text for texts in shared for text in texts))


def all_signs() -> tuple[str, ...]:
    """Return the codes and signs of all currencies."""
    return tuple(dict.fromkeys(text for code in sorted(CODES) for text in signs(code)))
