"""Show or write the figures of all releases: `bankseg trends trends.xlsx`.

Customers, money and activity of all customers, of each segment, RFM group and first month, and what
came in, of the releases that can be compared with the one in use.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.runtime.settings import SettingsError, called_from, load_settings
from bankseg_assets.scoring.lists.errors import ListError
from ops.cli.score import served_model
from ops.cli.text_table import aligned
from ops.exit_codes import reports

# Importing pandas and pyarrow takes a second; the help must not wait for it.
if TYPE_CHECKING:
    from bankseg_assets.campaigns.release_figures import ReleaseFigures

ENDINGS = (".xlsx", ".csv", ".html")


@reports(SettingsError, ListError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of all customers, or write all figures; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.out and options.out.suffix not in ENDINGS:
        raise ListError(f"The file must end in {', '.join(ENDINGS)}; found {options.out.name!r}.")
    from bankseg_assets.campaigns.trend import trend
    from bankseg_assets.campaigns.trend_words import left_out

    bundle, release = served_model(load_settings().published_dir)
    found, others = trend(release.folder, release)
    note = left_out(others, release.currency)
    if not found:
        raise ListError("The release has no customers whose figures could be shown.")
    if not options.out:
        print(_table(found, release.number_format))
        print(note, end="\n" if note else "")
        return 0

    from bankseg_assets.campaigns.trend_tables import csv_of, xlsx_of
    from bankseg_assets.reports.trend_page import trend_page
    from bankseg_assets.scoring.segment_names import names_by_id, read_names
    from bankseg_assets.storage.atomic_file import atomic_file

    names = names_by_id(bundle, read_names(release.folder))
    target = called_from() / options.out
    if target.suffix == ".html":
        money = "Spending" if bundle.direction_known else "Money"
        content = trend_page(found, names, style=release.number_format, money=money, note=note)
    else:
        content = (csv_of if target.suffix == ".csv" else xlsx_of)(found, names)
    with atomic_file(target) as file:
        file.write(content)
    print(f"{target.name}: {len(found)} versions.{' ' if note else ''}{note}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bankseg trends", description=__doc__)
    parser.add_argument(
        "out", nargs="?", type=Path, help="an .xlsx, .csv or .html (default: show all customers)"
    )
    return parser


def _table(found: "Sequence[ReleaseFigures]", style: str) -> str:
    from bankseg_assets.campaigns.trend_series import whole
    from bankseg_assets.campaigns.trend_words import measure_titles, snapshot, written

    titles = measure_titles(found, "Money")
    of_all = whole(found)
    rows = [["version", "snapshot", *titles.values()]]
    rows += [
        [
            str(one.number),
            snapshot(one),
            *(written(name, of_all.values(name)[place], one.currency, style) for name in titles),
        ]
        for place, one in enumerate(found)
    ]
    return "\n".join(aligned(rows, right=range(len(rows[0]))))


if __name__ == "__main__":
    sys.exit(main())
