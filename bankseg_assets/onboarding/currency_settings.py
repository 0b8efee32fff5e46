"""Propose the currency of a file, and the number format for large sums."""

import re
from collections import Counter
from collections.abc import Iterable

from bankseg_assets.onboarding.amounts import currencies_of
from bankseg_assets.onboarding.draft import AnswerError, Draft
from bankseg_assets.onboarding.header_words import currency_in
from bankseg_assets.onboarding.roles import Profile, Roles

LAKH_CURRENCIES = ("INR", "PKR", "BDT", "NPR", "LKR")
MONEY = ("amount", "debit", "credit", "balance", "unit_price")
COMMON = ("EUR", "USD", "GBP", "INR")
MOST_OPTIONS = 6


def propose_currency(draft: Draft, roles: Roles, profiles: Iterable[Profile]) -> None:
    """Propose currency, number_format and customer_key; ask if the file does not show them."""
    money = [roles.found[role] for role in MONEY if role in roles.found]
    money += [profile for role in MONEY for profile in roles.ties.get(role, ())]
    options, evidence = _found(roles, money)
    currency: str | None
    if len(options) == 1:
        currency = draft.propose("currency", options[0], evidence)
    else:
        shown = options[:MOST_OPTIONS] if options else list(COMMON)
        currency = draft.ask("currency", shown, evidence, is_free=True)
        if currency:
            draft.answered("currency", currency)
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        raise AnswerError(f"currency is answered with {currency!r}; expected a code such as EUR.")
    lakhs = sum(one.amounts.lakhs for one in money if one.amounts)
    is_lakh = bool(lakhs) or currency in LAKH_CURRENCIES
    why = f"{lakhs:,} amounts are grouped as 9,99,999" if lakhs else f"as is usual for {currency}"
    if currency is None:
        why = "how people read large sums; lakh for 12,34,567"
    draft.propose("number_format", "lakh" if is_lakh else "plain", why)
    draft.propose("customer_key", "customer_id", "a column, or a Spark SQL expression over several")
    if currency:
        own = {sign for one in money if one.amounts for sign in one.amounts.adornments}
        unusual = sorted(sign for sign in own if currency not in currencies_of(sign))
        if unusual:
            draft.remark("", f"Other currencies stand beside amounts: {', '.join(unusual)}.")


def _found(roles: Roles, money: list[Profile]) -> tuple[list[str], str]:
    """Return the possible currencies, with the evidence."""
    if column := roles.found.get("currency"):
        codes = Counter(value.upper() for value in column.sound.counts.elements())
        if len(codes) == 1:
            code = next(iter(codes))
            return [code], f"in all {codes[code]:,} rows of {column.name!r} that have one"
        shares = ", ".join(f"{code} {count:,}" for code, count in codes.most_common(MOST_OPTIONS))
        why = f"the bank's own currency; {column.name!r} has several: {shares} rows"
        return [code for code, _ in codes.most_common()], why
    names = {currency_in(one.name): one.name for one in money if currency_in(one.name)}
    if len(names) == 1:
        ((code, name),) = names.items()
        return [code], f"in the header: {' '.join(name.split())!r}"
    signs: Counter[str] = Counter()
    for one in money:
        signs += one.amounts.adornments if one.amounts else Counter()
    if signs:
        sign, count = signs.most_common(1)[0]
        codes_of = list(currencies_of(sign))
        codes_of = [code for code in COMMON if code in codes_of] + [
            code for code in codes_of if code not in COMMON
        ]
        if len(signs) == 1 or all(set(currencies_of(other)) & {*codes_of} for other in signs):
            shared = [c for c in codes_of if all(c in currencies_of(other) for other in signs)]
            return shared or codes_of, f"{sign!r} stands beside {count:,} amounts"
    return [], "no column, header or amount says it"
