"""List the customers of a group or segment: `bankseg campaign "At risk" --top 500`.

Without a name, it shows groups and segments with customers, money and action. The list has those
with most money first, and a control group that depends on the campaign's name alone.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.presentation.formatting import number, short
from bankseg_assets.runtime.settings import SettingsError, called_from, load_settings
from bankseg_assets.scoring.lists.errors import ListError
from ops.cli.score import served_model, share_between_0_and_1
from ops.cli.text_table import aligned
from ops.exit_codes import reports

# Importing numpy, pandas and pyarrow takes a second; the help must not wait for it.
if TYPE_CHECKING:
    from bankseg_assets.campaigns.audiences import Total
    from bankseg_assets.campaigns.customer_list import CampaignList
    from bankseg_assets.release.releases import Release

ENDINGS = (".csv", ".xlsx")


@reports(SettingsError, ListError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Show the audiences, or write a list; return the exit code."""
    from bankseg_assets.campaigns.audiences import totals
    from bankseg_assets.scoring.lists.actions import read_actions

    options = _parser().parse_args(arguments)
    bundle, release = served_model(load_settings().published_dir)
    actions = read_actions(release)
    audiences = totals(release, actions, bundle.segment_names)
    if not options.name:
        print(_table(audiences, release))
        return 0

    from bankseg_assets.campaigns.audiences import choose, require_shown
    from bankseg_assets.campaigns.customer_list import Choice, make_list
    from bankseg_assets.campaigns.list_files import file_stem
    from bankseg_assets.campaigns.list_log import record_list
    from bankseg_assets.scoring.lists.score_table import LEFT_OUT

    chosen = choose(audiences, options.name)
    require_shown(chosen)
    choice = Choice(options.campaign, options.top, options.min_confidence, options.hold_out)
    made = make_list(release, bundle, chosen.audience, choice, actions)
    stem = file_stem(chosen.audience, bundle.snapshot_date, options.top)
    target = called_from() / (options.out or f"{stem}.csv")
    write_list(made, target)
    record_list(release, made)
    facts = made.facts
    print(
        f"{target.name}: {facts['customers']:,} customers, {facts['to_contact']:,} to contact and "
        f"{facts['held_out_of_campaign']:,} in the control group of {facts['campaign']!r}."
    )
    if facts[LEFT_OUT]:
        print(f"{facts[LEFT_OUT]:,} left out by objection.")
    return 0


def write_list(made: "CampaignList", target: Path) -> None:
    """Write a list as CSV with its details, or as a workbook, by the ending. Raises ListError."""
    from bankseg_assets.campaigns.list_files import csv_of, json_of, xlsx_of
    from bankseg_assets.storage.atomic_file import atomic_file

    if target.suffix not in ENDINGS:
        raise ListError(f"The file must end in {' or '.join(ENDINGS)}; found {target.name!r}.")
    files = {target: xlsx_of(made) if target.suffix == ".xlsx" else csv_of(made)}
    if target.suffix == ".csv":
        files[target.with_suffix(".json")] = json_of(made)
    for path, content in files.items():
        with atomic_file(path) as file:
            file.write(content)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bankseg campaign", description=__doc__)
    add = parser.add_argument
    add("name", nargs="?", default="", help="an RFM group or segment (default: show them all)")
    add("out", nargs="?", type=Path, help="a .csv, with a .json of its details, or an .xlsx")
    add(
        "--top",
        type=whole_number_above_0,
        default=0,
        help="only so many, those with most money (default: all)",
    )
    add(
        "--min-confidence",
        type=share_between_0_and_1,
        default=0.0,
        help="0 to 1 (default: %(default)s)",
    )
    add("--campaign", default="", help="each name has its own control group, in every release")
    add(
        "--hold-out",
        type=share_between_0_and_1,
        default=0.1,
        help="the share held out, 0 to 1 (%(default)s)",
    )
    return parser


def _table(found: "Sequence[Total]", release: "Release") -> str:
    style = release.number_format
    rows = [("", "customers", release.currency, "action")]
    for total in found:
        hidden = total.customers is None or total.money is None
        rows.append(
            (
                f"{total.audience.name} ({total.audience.kind})",
                "hidden" if total.customers is None else number(total.customers, style),
                "hidden" if hidden else short(float(total.money or 0), style),
                total.audience.action,
            )
        )
    return "\n".join(aligned(rows, right=(1, 2)))


def whole_number_above_0(text: str) -> int:
    """Return the number of an argument."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0, such as 500")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
