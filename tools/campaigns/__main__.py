"""Print what the results of simulated campaigns say, beside their true effect.

`python -m tools.campaigns --campaigns 200`: effects of 0, 2, 5 and 10 % in campaigns on customers
of the demo data and of a bank of current accounts.
"""

import argparse
from collections.abc import Iterator
from itertools import count, product

from bankseg_assets.campaigns.campaign import SPEND, TRANSACTIONS, Measure
from tools.campaigns.populations import busy_bank, demo_bank
from tools.campaigns.simulation import Found, Setting, simulate

EFFECTS = (0.0, 0.02, 0.05, 0.1)
SHARES = (0.1, 0.5)
MEASURES: tuple[Measure, ...] = (SPEND, TRANSACTIONS)
DEMO, CURRENT = "demo", "current"
BANKS = (DEMO, CURRENT)
HEAD = (
    "| bank | measure | held out | effect | worked | predicted | harmed | coverage, Welch | "
    "coverage, CUPED | narrower by CUPED | any segment |"
)


def main() -> None:
    """Simulate all settings and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.campaigns", description=__doc__)
    parser.add_argument("--campaigns", type=int, default=200, help="of each setting")
    parser.add_argument("--customers", type=int, default=20_000, help="of each campaign")
    parser.add_argument("--rows", type=int, default=400_000, help="transactions of the demo data")
    parser.add_argument("--banks", nargs="+", choices=BANKS, default=list(BANKS))
    parser.add_argument("--effects", nargs="+", type=float, default=list(EFFECTS))
    options = parser.parse_args()
    print(HEAD)
    print("|---" * HEAD.count(" | ") + "|---|")
    for setting in settings_of(options):
        print(row(simulate(setting)), flush=True)


def settings_of(options: argparse.Namespace) -> Iterator[Setting]:
    """Yield the settings, each with a seed of its own: the same one draws the same customers."""
    seeds = count(1)
    for bank in options.banks:
        population = demo_bank(options.rows) if bank == DEMO else busy_bank(options.customers * 2)
        for measure, share, effect in product(MEASURES, SHARES, options.effects):
            yield Setting(
                *(population, options.customers, share, effect, measure),
                campaigns=options.campaigns,
                seed=next(seeds),
            )


def row(found: Found) -> str:
    """Return a line of the table."""
    setting = found.setting
    shares = (
        *(setting.share, setting.effect, found.worked, found.predicted, found.harmed),
        *(found.coverage_welch, found.coverage, found.narrowing, found.segments_decided),
    )
    texts = (f"{share:.1%}".replace(".0%", "%") for share in shares)
    return f"| {setting.population.name} | {setting.measure} | {' | '.join(texts)} |"


if __name__ == "__main__":
    main()
