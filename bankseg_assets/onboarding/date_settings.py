"""Propose settings for dates and times: columns, formats, and the time zone of instants."""

import re
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from bankseg_assets.contracts.date_formats import EPOCHS, DateFormat
from bankseg_assets.onboarding.customer_settings import choose, name_of
from bankseg_assets.onboarding.dates import Choice, Dates
from bankseg_assets.onboarding.draft import AnswerError, Draft
from bankseg_assets.onboarding.masking import masked
from bankseg_assets.onboarding.roles import Profile, Roles

_OFFSET = re.compile(r"(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$", re.IGNORECASE)
_MIDNIGHT = re.compile(r"\d{4}-\d\d-\d\d[ T]00:00:00(\.0+)?")
ZONES = {
    "Z": ("UTC",),
    "+00:00": ("UTC", "Europe/London"),
    "+01:00": ("Europe/Berlin", "Europe/London"),
    "+02:00": ("Europe/Berlin", "Europe/Helsinki"),
    "+03:00": ("Europe/Istanbul", "Asia/Riyadh"),
    "+04:00": ("Asia/Dubai",),
    "+05:00": ("Asia/Karachi",),
    "+05:30": ("Asia/Kolkata",),
    "+08:00": ("Asia/Singapore", "Asia/Shanghai"),
    "-03:00": ("America/Sao_Paulo",),
    "-04:00": ("America/New_York",),
    "-05:00": ("America/New_York", "America/Chicago"),
    "-06:00": ("America/Chicago", "America/Mexico_City"),
    "-08:00": ("America/Los_Angeles",),
}
"""Offset -> some time zones that have it."""
ANY_ZONE = ("Asia/Kolkata", "Europe/Berlin", "UTC")


def propose_dates(draft: Draft, roles: Roles) -> None:
    """Propose the date and time columns; ask for day/month order and time zone."""
    if profile := roles.found.get("birth_date"):
        draft.propose("columns.birth_date.name", name_of(profile), "")
        draft.propose(
            "columns.birth_date.nullable",
            True,
            f"{profile.sound.empty:,} of {profile.column.rows:,} rows have none",
        )
        _propose_placeholders(draft, "birth_date", profile)
        _propose_format(draft, "birth_date", profile)
    elif "birth_date" in roles.ties:
        choose(draft, roles, "birth_date", "more than one column may be the birth date", [])
    has_time = _propose_transaction_date(draft, roles)
    profile = roles.found.get("transaction_time")
    if profile and has_time:
        roles.rest.append(profile)
    elif profile:
        draft.propose("columns.transaction_time.name", name_of(profile), "")
        if profile.sound.empty:
            draft.propose(
                "columns.transaction_time.nullable",
                True,
                f"{profile.sound.empty:,} of {profile.column.rows:,} rows have none",
            )
        _propose_time_format(draft, profile)


def _propose_placeholders(draft: Draft, role: str, profile: Profile) -> None:
    if profile.date_placeholders:
        rows = sum(profile.column.counts[value] for value in profile.date_placeholders)
        placeholders = list(profile.date_placeholders)
        draft.propose(f"columns.{role}.placeholders", placeholders, f"in {rows:,} rows")


def _propose_transaction_date(draft: Draft, roles: Roles) -> bool:
    """Propose the column; return whether it has the time of day."""
    profile = roles.found.get("transaction_date")
    if profile is None:
        if {"day", "month", "year"} <= roles.found.keys():
            _propose_parts(draft, roles)
            return False
        rest = [one for one in roles.rest if one.dates]
        tied = "transaction_date" in roles.ties
        why = (
            "more than one column may be the day of the transaction"
            if tied
            else "no header's name says which column is the day of the transaction"
        )
        choose(draft, roles, "transaction_date", why, rest or roles.rest)
        return False
    draft.propose("columns.transaction_date.name", name_of(profile), "")
    _propose_placeholders(draft, "transaction_date", profile)
    if "transaction_time" in roles.found and _is_midnight(profile):
        text = "yyyy-MM-dd"
        draft.propose("columns.transaction_date.format", text, "its times are all midnight")
        return False
    found = _propose_format(draft, "transaction_date", profile)
    return any(DateFormat(text).has_time for text in found)


def _is_midnight(profile: Profile) -> bool:
    """Return whether all values are ISO dates at midnight, without a zone."""
    return profile.all_of(_MIDNIGHT.fullmatch)


def _propose_parts(draft: Draft, roles: Roles) -> None:
    """Propose a date that is composed of three columns."""
    parts = [roles.found[part] for part in ("day", "month", "year")]
    names = [name_of(part) for part in parts]
    key = "columns.transaction_date"
    draft.propose(f"{key}.names", names, "a day in three columns")
    month = "M" if parts[1].all_of(str.isdigit) else "MMM"
    year = "yyyy" if parts[2].all_of(lambda value: len(value) == 4) else "yy"  # noqa: PLR2004
    draft.propose(f"{key}.format", f"d {month} {year}", "the values, joined by a blank")


def _propose_format(draft: Draft, role: str, profile: Profile) -> list[str]:
    """Propose the format; return the formats, none if the question is open."""
    key = f"columns.{role}"
    kind = profile.column.kind
    if kind.startswith("date"):
        return [draft.propose(f"{key}.format", "yyyy-MM-dd", f"a column of the type {kind}")]
    if kind.startswith("timestamp"):
        return _propose_instants(draft, role, profile)
    dates = profile.births if role == "birth_date" else profile.dates
    if dates is None:
        if profile.numbers:
            return _propose_numbers(draft, role, profile)
        if profile.column.filled:
            draft.ask(
                f"{key}.format",
                ("d/M/yyyy", "yyyy-MM-dd"),
                f"no known format reads values such as {_example(profile)}",
                is_free=True,
            )
        else:
            draft.ask(f"{key}.format", ("d/M/yyyy",), "no row has a value", is_free=True)
        return _answered(draft, f"{key}.format")
    choice = _choose(draft, role, dates)
    if choice is None:
        return []
    formats = [one.format for one in choice]
    names = [one.month_names for one in choice if one.month_names]
    if names:
        draft.propose(f"{key}.month_names", list(names[0]), "the months as they are written here")
    if any(DateFormat(text).needs_time_zone for text in formats):
        _ask_zone(draft, profile)
    return formats


def _answered(draft: Draft, key: str) -> list[str]:
    if key not in draft.answers:
        return []
    draft.answered(key, draft.answers[key])
    return [draft.answers[key]]


def _choose(draft: Draft, role: str, dates: Dates) -> Choice | None:
    key = f"columns.{role}.format"
    if len(dates.choices) == 1:
        choice = dates.choices[0]
        if len(choice) > 1:
            key = f"columns.{role}.formats"
            seen = ", ".join(f"{one.format} {one.rows:,}" for one in choice)
            draft.propose(key, [one.format for one in choice], f"of {dates.rows:,} rows: {seen}")
        else:
            one = choice[0]
            evidence = f"reads {one.rows:,} of {dates.rows:,} values"
            if one.decisive:
                evidence += f"; {one.decisive:,} have a day above 12"
            declared = draft.propose(key, one.format, evidence)
            if declared != one.format:
                return None
        return choice
    by_text = {", ".join(one.format for one in choice): choice for choice in dates.choices}
    answer = draft.ask(key, tuple(by_text), dates.why)
    if answer is None:
        return None
    choice = by_text[answer]
    if len(choice) > 1:
        draft.lines.pop() if draft.lines and getattr(draft.lines[-1], "key", "") == key else None
        draft.answered(f"columns.{role}.formats", [one.format for one in choice])
    else:
        draft.answered(key, choice[0].format)
    return choice


def _propose_instants(draft: Draft, role: str, profile: Profile) -> list[str]:
    kind = profile.column.kind
    has_zone = "tz=" in kind
    values = list(profile.sound.counts)
    if role == "birth_date" or (not has_zone and all(v.endswith("00:00:00") for v in values)):
        return [
            draft.propose(f"columns.{role}.format", "yyyy-MM-dd", f"a column of the type {kind}")
        ]
    text = "yyyy-MM-dd HH:mm:ss"
    draft.propose(f"columns.{role}.format", text, f"a column of the type {kind}")
    if has_zone:
        _ask_zone(draft, profile)
    return [text]


def _propose_numbers(draft: Draft, role: str, profile: Profile) -> list[str]:
    """Propose the format of an epoch or an Excel day number."""
    form = profile.numbers
    if role == "birth_date" and form != "excel_serial_day":
        draft.ask(
            f"columns.{role}.format", ("excel_serial_day",), "its values are numbers", is_free=True
        )
        return _answered(draft, f"columns.{role}.format")
    draft.propose(
        f"columns.{role}.format", form, f"all values are numbers such as {_example(profile)}"
    )
    if form in EPOCHS:
        _ask_zone(draft, profile)
    return [form]


def _ask_zone(draft: Draft, profile: Profile) -> None:
    """Ask for the bank's time zone: the offset of a value is that of its writer."""
    if any(getattr(line, "key", "") == "time_zone" for line in draft.lines):
        return
    offsets: Counter[str] = Counter()
    for value, count in profile.sound.counts.items():
        if found := _OFFSET.search(value):
            offsets[_normal(found[1])] += count
    options = [zone for offset, _ in offsets.most_common() for zone in ZONES.get(offset, ())]
    shown = ", ".join(f"{offset} {rows:,}" for offset, rows in offsets.most_common(4))
    why = (
        f"the bank's time zone, whose days count; offsets: {shown}"
        if shown
        else ("the bank's time zone, whose days count: the values are instants")
    )
    answer = draft.ask("time_zone", tuple(dict.fromkeys(options)) or ANY_ZONE, why, is_free=True)
    if answer:
        try:
            ZoneInfo(answer).utcoffset(None)
        except (KeyError, ValueError, OSError) as error:
            raise AnswerError(
                f"time_zone is answered with {answer!r}; expected a name such as Asia/Kolkata."
            ) from error
        draft.answered("time_zone", answer)


def _normal(offset: str) -> str:
    text = offset.upper()
    if text in ("Z", "UTC", "GMT"):
        return "Z"
    digits = text[1:].replace(":", "").ljust(4, "0")
    return f"{text[0]}{digits[:2]}:{digits[2:]}"


def _example(profile: Profile) -> str:
    return masked(next(iter(profile.sound.counts), ""))


def _propose_time_format(draft: Draft, profile: Profile) -> None:
    key = "columns.transaction_time.format"
    values = list(profile.sound.counts)
    times = profile.times
    if values and all(value.isdecimal() for value in values):
        longest = max(map(len, values))
        if longest > 4 or any(not _is_time(value.zfill(4)) for value in values):  # noqa: PLR2004
            draft.propose(
                key, "HHmmss", f"up to {longest} digits; shorter ones lack zeros in front"
            )
        elif min(map(len, values)) == longest == 4:  # noqa: PLR2004
            draft.propose(key, "HHmm", "four digits each")
        else:
            answer = draft.ask(key, ("HHmm", "HHmmss"), "no value has more than four digits")
            if answer:
                draft.answered(key, answer)
    elif times is None or len(times.choices) > 1:
        options = ("HH:mm:ss",) if times is None else tuple(c[0].format for c in times.choices)
        answer = draft.ask(key, options, "the values may be read in several ways", is_free=True)
        if answer:
            draft.answered(key, answer)
    else:
        one = times.choices[0][0]
        draft.propose(key, one.format, f"reads {one.rows:,} of {times.rows:,} values")


def _is_time(text: str) -> bool:
    hours, minutes = int(text[:2]), int(text[2:])
    return timedelta(hours=hours, minutes=minutes) < timedelta(days=1) and minutes < 60  # noqa: PLR2004
