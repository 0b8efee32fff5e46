"""Campaigns with a measured effect: plan, make, list, show and end them.

`bankseg campaigns make "spring" --group "At risk"` draws a control group and stores it; each
delivery then measures what the campaign brings. `bankseg campaigns COMMAND --help` has the options.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.runtime.settings import SettingsError, called_from, load_settings
from bankseg_assets.scoring.lists.errors import ListError
from ops.cli.campaign import whole_number_above_0
from ops.cli.score import served_model, share_between_0_and_1
from ops.exit_codes import reports

# Importing numpy, pandas and pyarrow takes a second; the help must not wait for it.
if TYPE_CHECKING:
    from bankseg_assets.campaigns.campaign import CampaignRequest, Rule
    from bankseg_assets.campaigns.results import Arm
    from bankseg_assets.release.releases import Release
    from bankseg_assets.scoring.bundle import Bundle

MEASURES = ("spend", "transactions", "active")
ARMS = ("treated", "held-out")
FORMATS = ("text", "json", "csv", "html")


@reports(SettingsError, ListError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; return the exit code."""
    options = _parser().parse_args(arguments)
    bundle, release = served_model(load_settings().published_dir)
    options.run(release, bundle, options)
    return 0


def _list(release: "Release", bundle: "Bundle", _: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.campaign_store import all_campaigns
    from bankseg_assets.campaigns.results import newest_results
    from ops.cli.campaign_text import campaign_lines

    found = all_campaigns(release.folder.parent)
    if not found:
        print('There is no campaign yet. Make one with `bankseg campaigns make NAME --group "…"`.')
        return
    results = {one.campaign_id: one for one in newest_results(release.folder).campaigns}
    on = date.fromisoformat(bundle.snapshot_date)
    print("\n".join(campaign_lines(found, results, on, release.number_format)))


def _plan(release: "Release", bundle: "Bundle", options: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.planning import plan_campaign
    from ops.cli.campaign_text import plan_lines

    plan = plan_campaign(release, bundle, _request(bundle, options))
    print("\n".join(plan_lines(plan, release.number_format)))


def _make(release: "Release", bundle: "Bundle", options: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.arms import instruction
    from bankseg_assets.campaigns.campaign_store import create_campaign
    from bankseg_assets.presentation.disclosure import shown_count

    made = create_campaign(release, bundle, _request(bundle, options))
    style = release.number_format
    treated, held_out = (shown_count(one, style) for one in (made.treated, made.held_out))
    print(f"{made.name} was made: {treated} customers to contact, {held_out} held out.")
    print("\n".join([*made.plan_sentences, instruction(made)]))
    print(f'The customers: bankseg campaigns customers "{made.name}"')


def _customers(release: "Release", bundle: "Bundle", options: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.arms import instruction, list_of_arm
    from bankseg_assets.campaigns.audiences import slug
    from bankseg_assets.campaigns.campaign_store import find_campaign, list_of_campaign
    from bankseg_assets.campaigns.list_log import record_list
    from bankseg_assets.campaigns.results import HELD_OUT, TREATED
    from bankseg_assets.scoring.lists.actions import read_actions
    from ops.cli.campaign import write_list

    one = find_campaign(release.folder.parent, options.name)
    both = list_of_campaign(release, bundle, one, read_actions(release))
    arm: Arm = HELD_OUT if options.arm == ARMS[1] else TREATED
    made = list_of_arm(both, one, arm)
    target = called_from() / (options.out or f"{slug(one.name)}_{options.arm}.csv")
    write_list(made, target)
    record_list(release, made)
    print(f"{target.name}: {made.facts['customers']:,} customers.\n{instruction(one, arm)}")


def _show(release: "Release", bundle: "Bundle", options: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.campaign_store import find_campaign
    from bankseg_assets.campaigns.result_table import result_table
    from bankseg_assets.campaigns.results import result_of
    from bankseg_assets.presentation.csv_export import to_csv
    from bankseg_assets.reports.campaign_report import campaign_page
    from bankseg_assets.storage.atomic_file import atomic_file
    from bankseg_assets.storage.documents import json_bytes
    from ops.cli.campaign_text import result_lines

    one = find_campaign(release.folder.parent, options.name)
    result = result_of(release.folder, one.id)
    style = release.number_format
    if options.format in ("json", "csv") and result is None:
        raise ListError(f"{one.name} has no result yet: it comes with the next delivery.")
    if options.format == "text":
        on = date.fromisoformat(bundle.snapshot_date)
        content = ("\n".join(result_lines(one, result, on, style)) + "\n").encode()
    elif options.format == "html":
        content = campaign_page(one, result, style=style).encode()
    else:
        assert result is not None
        content = (
            json_bytes(result.model_dump(mode="json"))
            if options.format == "json"
            else to_csv(result_table(one, result))
        )
    if options.out is None:
        sys.stdout.buffer.write(content)
        return
    target = called_from() / options.out
    with atomic_file(target) as file:
        file.write(content)
    print(f"{target.name} was written.")


def _end(release: "Release", bundle: "Bundle", options: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.campaign_store import end_campaign, find_campaign
    from bankseg_assets.campaigns.ending import default_last_day

    folder = release.folder.parent
    one = find_campaign(folder, options.name)
    last = options.last_day or default_last_day(one, date.fromisoformat(bundle.snapshot_date))
    ended = end_campaign(folder, one.id, last_day=last, why=options.why)
    print(f"{ended.name} has ended: it is measured until {ended.ends_on}.")


def _remove(release: "Release", _: "Bundle", options: argparse.Namespace) -> None:
    from bankseg_assets.campaigns.campaign_store import remove_campaign

    removed = remove_campaign(release.folder.parent, options.name, why=options.why)
    print(f"{removed.name} was removed, with its {removed.customers:,} customers.")


def _request(bundle: "Bundle", options: argparse.Namespace) -> "CampaignRequest":
    from bankseg_assets.campaigns.campaign import CampaignRequest
    from bankseg_assets.campaigns.campaign_audience import usual_dates

    first, last = usual_dates(bundle)
    starts_on = options.first_day or first
    # As long as usual, unless the last day is given.
    ends_on = options.last_day or starts_on + (last - first)
    return CampaignRequest(
        name=options.name,
        goal=options.goal,
        groups=tuple(options.group),
        segments=tuple(options.segment),
        rules=tuple(map(parsed_rule, options.rule)),
        top=options.top,
        min_confidence=options.min_confidence,
        share=options.hold_out,
        starts_on=starts_on,
        ends_on=ends_on,
        measure=options.measure,
        contact_limit_days=options.contact_limit,
        worthwhile=options.worthwhile,
    )


def parsed_rule(text: str) -> "Rule":
    """Return the rule of a text such as `monetary>=1000` or `recency<=90`. Raises ListError.

    >>> parsed_rule("age >= 30").at_least
    30.0
    """
    from bankseg_assets.campaigns.campaign import Rule

    for sign in (">=", "<="):
        column, found, limit = text.partition(sign)
        if not found:
            continue
        try:
            value = float(limit)
        except ValueError:
            break
        if sign == ">=":
            return Rule(column=column.strip(), at_least=value)
        return Rule(column=column.strip(), at_most=value)
    raise ListError(f"Expected a rule such as monetary>=1000 or recency<=90; found {text!r}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bankseg campaigns", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, does: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=does, description=f"{does.capitalize()}.")
        added.set_defaults(run=run)
        return added

    command("list", _list, "list the campaigns with state and result")
    for name, run, does in (
        ("plan", _plan, "show what a campaign could detect, without making it"),
        ("make", _make, "make a campaign: draw its control group and store it"),
    ):
        _add_request(command(name, run, does))
    show = command("show", _show, "show the result of a campaign, or write it to a file")
    _add_name(show)
    show.add_argument("out", nargs="?", type=Path, help="a file (default: the terminal)")
    show.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="(%(default)s)")
    customers = command(
        "customers", _customers, "write the customers to contact, or those held out"
    )
    _add_name(customers)
    customers.add_argument("out", nargs="?", type=Path, help="a .csv or .xlsx")
    customers.add_argument("--arm", choices=ARMS, default=ARMS[0], help="(%(default)s)")
    end = command("end", _end, "end a campaign early; its result stays")
    _add_name(end)
    end.add_argument(
        "--last-day",
        type=_day,
        help="the last day that is measured, YYYY-MM-DD (default: the newest of the data)",
    )
    remove = command("remove", _remove, "remove a campaign with its customers")
    _add_name(remove)
    for one in (end, remove):
        one.add_argument("--why", default="", help="the reason, for the record")
    return parser


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the name or ID of the campaign")


def _add_request(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME", help="a name that no other campaign has")
    add("--goal", default="", help="what these customers should do, for the record")
    add("--group", action="append", default=[], help="an RFM group, repeated (default: all)")
    add("--segment", action="append", default=[], help="a segment, repeated (default: all)")
    add("--rule", action="append", default=[], help="such as 'monetary>=1000', repeated")
    add("--top", type=whole_number_above_0, default=0, help="only so many, by money (default: all)")
    add(
        "--min-confidence",
        type=share_between_0_and_1,
        default=0.0,
        help="of the segment, 0 to 1 (default: %(default)s)",
    )
    add(
        "--hold-out",
        type=share_between_0_and_1,
        default=0.1,
        help="the share held out, 0 to 1 (%(default)s)",
    )
    add(
        "--first-day",
        type=_day,
        help="the first day measured, YYYY-MM-DD (default: after the data)",
    )
    add("--last-day", type=_day, help="the last day measured (default: 30 days later)")
    add("--measure", choices=MEASURES, default=MEASURES[0], help="what decides (%(default)s)")
    add(
        "--contact-limit",
        type=whole_number_above_0,
        default=0,
        metavar="DAYS",
        help="leave out whom another campaign contacts less than so many days before",
    )
    add(
        "--worthwhile",
        type=share_between_0_and_1,
        default=0.1,
        help="the smallest relative effect that matters (%(default)s)",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-03-31") from error


if __name__ == "__main__":
    sys.exit(main())
