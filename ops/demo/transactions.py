"""Generate demo transactions of any size that resemble the real bank's file, errors included.

`python -m ops.demo.transactions --rows 1048567 --seed 7 --output PATH`

In the landing folder they are accompanied by demo holdings of the same customers
(`ops.demo.holdings`).

Identifiers cannot collide with a bank's: transactions are `DT1`.., customers `DC` + seven digits.

Rows are generated in chunks, each from its own random stream, so memory is bounded by one chunk.
Within a chunk, latent behaviours give every person and row scores; the rank of a score, not the
score, selects the value. So the marginal distributions do not depend on the behaviours.
"""

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.storage.atomic_file import atomic_file
from ops.demo.due import HOLDINGS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HEADER = (
    "TransactionID,CustomerID,CustomerDOB,CustGender,CustLocation,CustAccountBalance,"
    "TransactionDate,TransactionTime,TransactionAmount (INR)"
)
FULL_ROWS = 1_048_567  # rows of the real file, to which every count below refers

# Rows that share digits 3..5 of the CustomerID. Customers are drawn within a pool, independent of
# the person: at 2,500 rows 99 % of the repeated IDs mix people, as in the real file.
POOL_ROWS = 2_500
POOL_CODES = 1_000
CHUNK_ROWS = 80 * POOL_ROWS  # the process stays under 0.25 GB; whole pools keep IDs distinct

CUSTOMERS_BY_ROWS = {1: 740_653, 2: 124_960, 3: 16_789, 4: 1_702, 5: 147, 6: 14}
CUSTOMER_SHARES = np.array(list(CUSTOMERS_BY_ROWS.values())) / sum(CUSTOMERS_BY_ROWS.values())

# Quantile -> value. A person has 6.5 transactions on average.
PERSON_ROWS = {0: 1, 0.27: 2, 0.42: 3, 0.75: 8.2, 0.9: 15.5, 0.95: 21, 0.99: 40, 0.999: 75, 1: 200}
AMOUNT_AND_BALANCE = {
    0.001: (0.5, 0.01),
    0.0026: (1, 0.01),
    0.005: (1, 0.57),
    0.01: (8, 3.23),
    0.05: (30, 69),
    0.25: (161, 4_722),
    0.5: (459, 16_792),
    0.75: (1_200, 57_657),
    0.9: (2_928, 192_000),
    0.95: (5_200, 416_165),
    0.99: (20_000, 1_586_901),
    0.995: (31_300, 2_530_000),
    0.999: (95_000, 7_004_728),
    0.9999: (171_000, 37_000_000),
    0.99999: (540_000, 82_000_000),
    1: (1_560_035, 115_035_495),
}
AMOUNTS = {quantile: amount for quantile, (amount, _) in AMOUNT_AND_BALANCE.items()}
BALANCES = {quantile: balance for quantile, (_, balance) in AMOUNT_AND_BALANCE.items()}
ZERO_AMOUNTS = 835 / FULL_ROWS
ZERO_BALANCES = 2_711 / FULL_ROWS
UNKNOWN_BALANCES = 2_369 / FULL_ROWS
WHOLE_AMOUNTS = 0.88

# Births by year, relative: so 5.2 % of the rows have the two-digit years 17..68, 0.09 % 00..16.
BIRTHS: dict[float, float] = {1917: 1e-6, 1930: 1e-4, 1940: 3e-4, 1950: 9e-4, 1960: 0.0021}
BIRTHS |= {1970: 0.0074, 1980: 0.0244, 1985: 0.0461, 1990: 0.0750, 1992: 0.0676, 1994: 0.0353}
BIRTHS |= {1996: 0.0129, 1998: 0.0020, 2000: 1e-4, 2016: 2e-5}
PLACEHOLDER_BIRTHS = {"1/1/1800": 0.055, "nan": 0.0032}

# Transactions by hour and by day, relative.
HOURS = [171, 84, 51, 45, 44, 52, 80, 140, 225, 316, 410, 502]
HOURS += [579, 617, 631, 616, 616, 660, 760, 900, 930, 760, 507, 302]
DAILY_UNTIL_MID_SEPTEMBER = 46
WEEKDAYS = [1.0, 1.0, 1.0, 1.0, 1.0, 1.22, 1.22]
LATE_SEPTEMBER = {18: 0.70, 22: 0.34, 23: 0.17, 25: 0.40, 26: 0.59, 27: 0.36, 30: 0.10}
OCTOBER = {16: 0.0002, 21: 0.18}


def _names(commas: str) -> list[str]:
    return commas.split(",")


CITIES = {"MUMBAI": 0.099, "NEW DELHI": 0.081, "BANGALORE": 0.078, "GURGAON": 0.070, "DELHI": 0.068}
CITIES |= {"NOIDA": 0.031, "CHENNAI": 0.029, "PUNE": 0.025, "HYDERABAD": 0.022, "THANE": 0.021}
CITIES |= {"KOLKATA": 0.019}
# The other places by rank, relative: flat at the end, so that a million rows have about 9,000.
TAIL_BY_RANK = {1: 8_000, 10: 2_700, 40: 1_030, 90: 485, 500: 61, 1_000: 24, 2_000: 7, 11_000: 4}
TOWNS = _names(
    "GHAZIABAD,AHMEDABAD,FARIDABAD,NAVI MUMBAI,JAIPUR,CHANDIGARH,LUCKNOW,SURAT,LUDHIANA,MOHALI,"
    "NASHIK,DEHRADUN,VISAKHAPATNAM,INDORE,MEERUT,AGRA,VADODARA,COIMBATORE,KANPUR,AMRITSAR,NAGPUR,"
    "GUWAHATI,JALANDHAR,BHOPAL,AURANGABAD,UDAIPUR,RANCHI,PATNA,ALLAHABAD,HOWRAH,RAJKOT,PATIALA,"
    "RAIPUR,KOLHAPUR,BAREILLY,WARANGAL,VARANASI,MYSORE,JODHPUR,KOCHI,MADURAI,JAMSHEDPUR,GWALIOR,"
    "JABALPUR,VIJAYAWADA,BHUBANESWAR,CUTTACK,SHIMLA,JAMMU,SRINAGAR,SILIGURI,DURGAPUR,ASANSOL,"
    "DHANBAD,GAYA,KOTA,AJMER,BIKANER,ROHTAK,HISAR,KARNAL,AMBALA,ALIGARH,MATHURA,JHANSI,GORAKHPUR,"
    "MORADABAD,SALEM,ERODE,TIRUPPUR,VELLORE,NELLORE,TIRUPATI,KURNOOL,HUBLI,BELGAUM,MANGALORE,"
    "SOLAPUR,SANGLI,SATARA,LATUR,NANDED,AKOLA,AMRAVATI,BHAVNAGAR,JAMNAGAR,ANAND,UJJAIN,RATLAM"
)
STEMS = _names(
    "KISHAN,GOVIND,LAL,SHYAM,HARI,DEV,MADHAV,GOPAL,SUNDAR,BHIM,CHANDAN,KAMAL,MOHAN,NARAYAN,PRATAP,"
    "RATAN,SHANTI,SURYA,TARA,UMA,VIJAY,YASH,ARJUN,BALA,DURGA,GAURI,INDRA,JANAK,KESHAV,LAKSHMI,"
    "MANIK,NAND,PADMA,RUDRA,SITA,TILAK,USHA,VASANT,AMBA,CHITRA"
)
ENDINGS = _names("PUR,GARH,WADI,GAON,PALLY,KOT,GANJ,ABAD,PURAM,PET,HALLI")
QUARTERS = _names(
    "EAST,WEST,ROAD,NAGAR,NORTH,SOUTH,COLONY,CANTT,VIHAR,CAMP,BAZAR,ENCLAVE,CHOWK,PHASE 2,SECTOR 9,"
    "TOWNSHIP,INDUSTRIAL AREA,JUNCTION,STATION ROAD,OLD TOWN"
)

# One name of a quarter in 300: 440 quoted rows in the full file, and as many with double spaces.
UNTIDY_CYCLE = 300
UNTIDY_FORMS = {60: "{town}  {quarter}", 210: '"{quarter}, {town}"'}

# Values that occur in exactly one row, so that even a short file has every kind of error.
ODD_GENDER = "T"
ODD_LOCATIONS = _names("CAFÉ COLONY GUWAHATI,MUMBAI\u00a0,KISHANPUR taluka ANAND,OLD  TOWN KOCHI")
ODD_LOCATIONS += ['"CAMP, PUNE"']
FIRST_ODD_ROW = 1_000


class Behaviour(NamedTuple):
    """A latent type of person: its share, and its shifts in standard deviations."""

    share: float
    visits: float
    spend: float
    balance: float
    lateness: float


BEHAVIOURS = {
    "occasional low spender": Behaviour(0.40, -0.4, -0.4, -0.4, 0.0),
    "salaried regular": Behaviour(0.30, 0.8, -0.4, 0.2, 0.0),
    "high-balance saver": Behaviour(0.12, 0.5, -0.1, 1.5, 0.0),
    "recent big spender": Behaviour(0.10, -0.8, 1.6, 0.2, 1.0),
    "lapsed": Behaviour(0.08, -0.6, 0.3, -0.3, -1.2),
}
SHARE, VISITS, SPEND, BALANCE, LATENESS = np.array(list(BEHAVIOURS.values())).T
WEALTH_PULL = 0.32  # of wealth on spending: log-amount and log-balance then correlate 0.25


class Vocabulary(NamedTuple):
    """The values of a column, and the lower edges in [0, 1) of all but the first."""

    words: pa.StringArray
    edges: Floats


def _vocabulary(shares: Mapping[str, float]) -> Vocabulary:
    ends = np.cumsum(list(shares.values()))
    return Vocabulary(pa.array(list(shares)), ends[:-1] / ends[-1])


def _birth_shares() -> dict[str, float]:
    days = [date(1917, 1, 1) + timedelta(days) for days in range(36_372)]  # to the end of July 2016
    # The weight of a year is that of its middle.
    years = [day.year + day.timetuple().tm_yday / 366 - 0.5 for day in days]
    weights = _log_interpolate(BIRTHS, np.array(years))
    shares = weights / weights.sum() * (1 - sum(PLACEHOLDER_BIRTHS.values()))
    return dict(zip(map(_day_text, days), shares, strict=True)) | PLACEHOLDER_BIRTHS


def _day_shares() -> dict[str, float]:
    days = [date(2016, 8, 1) + timedelta(days) for days in range(DAILY_UNTIL_MID_SEPTEMBER)]
    shares = {day: WEEKDAYS[day.weekday()] for day in days}
    shares |= {date(2016, 9, day): share for day, share in LATE_SEPTEMBER.items()}
    shares |= {date(2016, 10, day): share for day, share in OCTOBER.items()}
    return {_day_text(day): share for day, share in shares.items()}


def _day_text(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year % 100:02}"


def _location_shares() -> dict[str, float]:
    towns = [*TOWNS, *map("".join, product(STEMS, ENDINGS))]
    quarters = [_quarter_name(*quarter) for quarter in enumerate(product(QUARTERS, towns))]
    tail = towns + quarters
    by_log_rank = {math.log(rank): weight for rank, weight in TAIL_BY_RANK.items()}
    weights = _log_interpolate(by_log_rank, np.log(np.arange(1, len(tail) + 1)))
    shares = weights / weights.sum() * (1 - sum(CITIES.values()))
    odd, empty = dict.fromkeys(ODD_LOCATIONS, 0.0), {"": 151 / FULL_ROWS}
    return odd | CITIES | dict(zip(tail, shares, strict=True)) | empty


def _quarter_name(number: int, names: tuple[str, str]) -> str:
    quarter, town = names
    form = UNTIDY_FORMS.get(number % UNTIDY_CYCLE, "{town} {quarter}")
    return form.format(town=town, quarter=quarter)


def _log_interpolate(points: Mapping[float, float], at: Floats) -> Floats:
    return np.exp(np.interp(at, list(points), np.log(list(points.values()))))


BIRTH_DATES = _vocabulary(_birth_shares())
DAYS = _vocabulary(_day_shares())
LOCATIONS = _vocabulary(_location_shares())
GENDERS = _vocabulary({ODD_GENDER: 0.0, "M": 0.7302, "F": 0.2688, "": 1_100 / FULL_ROWS})


class People(NamedTuple):
    """Arrays with one element per person of a chunk; words are indices into their vocabulary."""

    rows: Ints
    behaviour: Ints
    wealth: Floats
    """A score; only its rank is used."""
    balance: Floats
    """INR; NaN where unknown."""
    birth: Ints
    gender: Ints
    location: Ints


def write_demo_transactions(path: Path, *, rows: int, seed: int) -> None:
    """Write a CSV of `rows` transactions; deterministic for the same rows and seed.

    The file is written atomically. CustomerIDs have seven digits up to ten million rows,
    eight up to a hundred million.
    """
    if rows < 0 or seed < 0:
        raise ValueError(f"rows and seed must not be negative; they are {rows} and {seed}.")
    with atomic_file(path) as file:
        write_lines(file, [HEADER])
        for lines in demo_chunks(rows=rows, seed=seed):
            write_lines(file, lines)


def demo_chunks(*, rows: int, seed: int) -> Iterator[list[str]]:
    """Yield the transactions as lines of CSV, a chunk at a time."""
    for chunk, first_row in enumerate(range(0, rows, CHUNK_ROWS)):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk,)))
        yield _chunk(first_row, min(CHUNK_ROWS, rows - first_row), _id_digits(rows), rng)


def write_lines(file: BinaryIO, lines: Sequence[str]) -> None:
    """Write lines of text, each with its end."""
    file.write("\n".join([*lines, ""]).encode())


def _chunk(first_row: int, rows: int, id_digits: int, rng: np.random.Generator) -> list[str]:
    people = _people(rows, rng)
    shuffle = rng.permutation(rows)
    person = np.repeat(np.arange(len(people.rows)), people.rows)[shuffle]
    customer = _customers(first_row, rows, id_digits, rng)[shuffle]
    gender, location = people.gender[person], people.location[person]
    _place_odd_words(first_row, gender, location)
    return _lines(
        [
            _ids("DT", np.arange(first_row + 1, first_row + rows + 1)),
            _ids("DC", customer, id_digits),
            BIRTH_DATES.words.take(pa.array(people.birth[person])),
            GENDERS.words.take(pa.array(gender)),
            LOCATIONS.words.take(pa.array(location)),
            _text(people.balance[person]),
            DAYS.words.take(pa.array(_days(people, person, rng))),
            _text(_times(rows, rng)),
            _text(_amounts(people, person, rng)),
        ]
    )


def _people(rows: int, rng: np.random.Generator) -> People:
    candidates = rows // 5 + 1  # of 6.5 rows each, which is more than needed
    behaviour = rng.choice(len(BEHAVIOURS), candidates, p=SHARE)
    visits = _ranks(_normal(VISITS[behaviour], rng), rng)
    ends = np.cumsum(_log_interpolate(PERSON_ROWS, visits).astype(np.int64))
    starts = _starts(ends, rows)
    behaviour = behaviour[np.searchsorted(ends[:-1], starts, side="right")]
    wealth = _normal(BALANCE[behaviour], rng)
    weights = np.diff(starts, append=rows)

    def evenly() -> Floats:
        return _ranks(rng.random(len(starts)), rng, weights)

    return People(
        rows=weights,
        behaviour=behaviour,
        wealth=wealth,
        balance=_balances(_ranks(wealth, rng, weights), known=evenly() >= UNKNOWN_BALANCES),
        birth=_pick(BIRTH_DATES, evenly()),
        gender=_pick(GENDERS, evenly()),
        location=_pick(LOCATIONS, evenly()),
    )


def _balances(ranks: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    balance = np.where(ranks < ZERO_BALANCES, 0.0, _log_interpolate(BALANCES, ranks).round(2))
    return np.where(known, balance, np.nan)


def _amounts(people: People, person: Ints, rng: np.random.Generator) -> Floats:
    # Over half of the variance of log-amounts is between people, as in the real file.
    level = _normal(SPEND[people.behaviour] + WEALTH_PULL * people.wealth, rng)
    ranks = _ranks(_normal(level[person], rng), rng)
    exact = _log_interpolate(AMOUNTS, ranks).round(2)
    whole = rng.random(len(person)) < WHOLE_AMOUNTS
    amounts = np.where(whole, np.maximum(exact.round(), 1.0), exact)
    return np.where(ranks < ZERO_AMOUNTS, 0.0, amounts)


def _days(people: People, person: Ints, rng: np.random.Generator) -> Ints:
    return _pick(DAYS, _ranks(_normal(LATENESS[people.behaviour][person], rng), rng))


def _times(rows: int, rng: np.random.Generator) -> Ints:
    """Return HHMMSS as a number, so without leading zeros."""
    hours = rng.choice(24, rows, p=np.array(HOURS) / sum(HOURS))
    return hours * 10_000 + rng.integers(60, size=rows) * 100 + rng.integers(60, size=rows)


def _customers(first_row: int, rows: int, id_digits: int, rng: np.random.Generator) -> Ints:
    """Return the number in each row's CustomerID; only the pool's code depends on the person."""
    sizes = rng.choice(list(CUSTOMERS_BY_ROWS), rows, p=CUSTOMER_SHARES)
    starts = _starts(np.cumsum(sizes), rows)
    serial = np.repeat(np.arange(len(starts)), np.diff(starts, append=rows))
    pool = np.arange(rows) // POOL_ROWS
    serial_in_pool = serial - serial[pool * POOL_ROWS]
    customer = np.empty(rows, dtype=np.int64)
    shuffle_in_pool = np.argsort(pool + rng.random(rows))
    customer[shuffle_in_pool] = _id_numbers(
        first_row // POOL_ROWS + pool, serial_in_pool, id_digits
    )
    return customer


def _id_numbers(pool: Ints, serial: Ints, id_digits: int) -> Ints:
    """Return distinct numbers for each pool and serial; digits 3..5 are the pool's code."""
    lap, code = np.divmod(pool, POOL_CODES)
    # Factors coprime to ten permute the numbers and keep them distinct.
    code = code * 617 % POOL_CODES
    tails: int = 10 ** (id_digits - 5)
    others = (lap * POOL_ROWS + serial) * 7_919 % (100 * tails)
    head, tail = np.divmod(others, tails)
    return (head * POOL_CODES + code) * tails + tail


def _id_digits(rows: int) -> int:
    """Return the number of digits: three of the pool's code and at least four of its customers."""
    laps = -(-rows // (POOL_ROWS * POOL_CODES))
    return 3 + max(4, len(str(laps * POOL_ROWS - 1)))


def _place_odd_words(first_row: int, gender: Ints, location: Ints) -> None:
    """Put the first words of their vocabularies into one row each, in the first chunk."""
    if first_row == 0:
        gender[FIRST_ODD_ROW : FIRST_ODD_ROW + 1] = 0
        odd = location[FIRST_ODD_ROW + 1 :][: len(ODD_LOCATIONS)]
        odd[:] = range(len(odd))


def _starts(ends: Ints, rows: int) -> Ints:
    """Return the first rows of runs that end at `ends`; each pool begins a new run."""
    return np.union1d(ends[ends < rows], np.arange(0, rows, POOL_ROWS))


def _normal(means: Floats, rng: np.random.Generator) -> Floats:
    return means + rng.standard_normal(len(means))


def _ranks(scores: Floats, rng: np.random.Generator, weights: Ints | None = None) -> Floats:
    """Return each score's rank, uniform in [0, 1] for any distribution of scores.

    `weights`: rows per person, so that the ranks are uniform over rows.
    """
    order = np.argsort(scores)
    width = np.ones(len(scores)) if weights is None else weights[order].astype(np.float64)
    ends = np.cumsum(width)
    ranks = np.empty(len(scores))
    ranks[order] = (ends - width * rng.random(len(scores))) / ends[-1]
    return ranks


def _pick(vocabulary: Vocabulary, ranks: Floats) -> Ints:
    return np.searchsorted(vocabulary.edges, ranks, side="right")


def _ids(prefix: str, numbers: Ints, digits: int = 0) -> pa.StringArray:
    padded = pc.utf8_lpad(_text(numbers), digits, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def _text(numbers: Floats | Ints) -> pa.StringArray:
    """Return the shortest text of each number, such as 25 or 10643.5; empty for NaN."""
    return pa.array(numbers, from_pandas=True).cast(pa.string()).fill_null("")


def _lines(columns: Sequence[pa.StringArray]) -> list[str]:
    """Return the rows as CSV; pyarrow's writer quotes either every text or none."""
    lines: list[str] = pc.binary_join_element_wise(*columns, ",").to_pylist()
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.demo.transactions", description="Write demo data."
    )
    parser.add_argument("--rows", type=int, default=FULL_ROWS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, help="default: <data>/landing/demo_transactions.csv")
    options = parser.parse_args(arguments)
    settings = load_settings()
    path = options.output or settings.landing_dir / "demo_transactions.csv"
    write_demo_transactions(path, rows=options.rows, seed=options.seed)
    print(f"{options.rows:,} demo transactions in {path}")
    if options.output is None:
        from ops.demo.holdings import write_demo_holdings  # imports scipy

        holdings = settings.holdings_dir / HOLDINGS
        rows = write_demo_holdings(holdings, transactions=[path], seed=options.seed)
        print(f"{rows:,} demo holdings in {holdings}")


if __name__ == "__main__":
    main()
