"""Predict the segment of each customer in a list: `bankseg score customers.csv scored.csv`.

Inputs are matched to columns by name; other columns are copied unchanged. A row with an invalid
value has no segment, and the reason in the column `error`.
"""

import argparse
import codecs
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.contracts.delivery import ContractError, DeliveryContract, load_contract
from bankseg_assets.landing.files import printable
from bankseg_assets.presentation.formatting import day
from bankseg_assets.runtime.settings import SettingsError, called_from, load_settings
from bankseg_assets.scoring.lists.errors import ListError
from ops.exit_codes import INTERRUPTED, report, reports

# Importing numpy, pandas and pyarrow takes a second; the help must not wait for it.
if TYPE_CHECKING:
    from bankseg_assets.release.releases import Release
    from bankseg_assets.scoring.bundle import Bundle
    from bankseg_assets.scoring.lists.hold_out import HoldOut
    from bankseg_assets.scoring.lists.plan import ListPlan
    from bankseg_assets.scoring.lists.summary import ListSummary


@reports(SettingsError, ContractError, ListError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Score a list; return the exit code: 0 also when some rows have an error."""
    options = _parser().parse_args(arguments)
    # Handled as Ctrl-C: an unfinished list is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = load_settings()
        contract = load_contract(settings.contract)
        _score(options, contract, settings.published_dir)
    except KeyboardInterrupt:
        return report("stopped; nothing was written.", INTERRUPTED)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bankseg score", description=__doc__)
    add = parser.add_argument
    add("list", type=Path, help="CSV, CSV.gz, XLSX or Parquet with a column for each known input")
    add("out", type=Path, help="the file to write: .csv, .csv.gz, .xlsx or .parquet")
    add("--delimiter", help="field delimiter of a CSV (default: detected)")
    add("--decimal", choices=[".", ","], help="decimal separator (default: detected)")
    add("--encoding", type=_encoding, help="encoding of a CSV (default: detected)")
    add("--sheet", help="sheet of an XLSX file (default: the one with most inputs)")
    add(
        *("--column", "-c"),
        action="append",
        default=[],
        type=_pair,
        metavar="INPUT=COLUMN",
        help="the column of an input; leave empty after = if there is none",
    )
    add("--id", metavar="COLUMN", help="the column with the customer ID, for the hold-out")
    add("--campaign", help="each name has its own hold-out in every release")
    add(
        "--hold-out",
        type=share_between_0_and_1,
        default=0.1,
        help="the share held out, 0 to 1 (%(default)s)",
    )
    return parser


def _score(options: argparse.Namespace, contract: DeliveryContract, published_dir: Path) -> None:
    from bankseg_assets.scoring.lists.actions import read_actions
    from bankseg_assets.scoring.lists.detection import Settings
    from bankseg_assets.scoring.lists.plan import make_plan
    from bankseg_assets.scoring.lists.reading import open_list, suffix_of
    from bankseg_assets.scoring.lists.score_file import score_list

    here = called_from()
    source, target = here / options.list, here / options.out
    if target.exists() and source.exists() and target.samefile(source):
        raise ListError("The result would overwrite the list. Choose another output file.")
    suffix_of(target)
    bundle, release = served_model(published_dir)
    given = Settings(
        delimiter=_delimiter(options.delimiter) if options.delimiter else "",
        decimal=options.decimal or "",
        encoding=options.encoding or "",
        sheet=options.sheet or "",
        columns=dict(options.column),
    )
    plan = make_plan(source, printable(source.name), bundle, contract, given)
    _report_columns(plan)
    hold_out = _hold_out(options, plan, contract)
    scorer = plan.scorer(
        bundle, read_actions(release), plan.matching.columns, hold_out, release.folder
    )
    with open_list(source, plan.dialect) as customers:
        summary = score_list(customers, target, scorer, plan.dialect, _progress)
    print(_summary_text(summary, target, bundle))


def served_model(published_dir: Path) -> "tuple[Bundle, Release]":
    """Return the served model with its release. Raises ListError if there is none."""
    from bankseg_assets.scoring.current_model import Serving, renew, why_no_model
    from bankseg_assets.scoring.published_model import newest_first

    serving = renew(Serving(), lambda: newest_first(published_dir))
    if serving.bundle is None:
        raise ListError(why_no_model(serving, published_dir))
    if serving.problem:
        _note(f"The newest model cannot be used; an earlier one is used. {serving.problem}")
    assert serving.release is not None
    return serving.bundle, serving.release


def _report_columns(plan: "ListPlan") -> None:
    """Print what is detected, and inputs without a column.

    Raises ListError if columns cannot be matched, or names are only similar.
    """
    from bankseg_assets.scoring.lists.score_table import RESULTS

    for note in plan.detection.notes:
        _note(note)
    matching = plan.matching
    if plan.problems and not (matching.alike and not matching.columns):
        raise ListError(plan.problems[0])
    if matching.alike:
        questions = [
            f"No column is called {measure}. If {name!r} is meant: --column {measure}={name!r}; "
            f"if it is unknown: --column {measure}="
            for measure, name in matching.alike.items()
        ]
        raise ListError("\n".join(questions))
    if matching.unknown:
        _note(f"Unknown for all customers: {', '.join(matching.unknown)}.")
    if replaced := [name for name in plan.names if name in RESULTS]:
        _note(f"Existing columns of the list are replaced: {', '.join(replaced)}.")


def _hold_out(
    options: argparse.Namespace, plan: "ListPlan", contract: DeliveryContract
) -> "HoldOut | None":
    from bankseg_assets.scoring.lists.column_matching import find_column
    from bankseg_assets.scoring.lists.hold_out import HoldOut, campaign_name

    column = find_column(options.id, plan.names) if options.id else plan.identity
    if column:
        return HoldOut(column, campaign_name(options.campaign or ""), options.hold_out)
    if options.id:
        raise ListError(f"There is no column {printable(options.id)!r} for --id.")
    wanted = f"customer_id or {contract.header['customer_id']}"
    _note(f"No customers are held out: found no column {wanted}; name it with --id.")
    return None


def _summary_text(summary: "ListSummary", target: Path, bundle: "Bundle") -> str:
    from bankseg_assets.scoring.lists.summary import missing_sentences, segment_counts
    from bankseg_assets.scoring.quality import quality

    sure, unsure = summary.sure_rows, summary.unsure_rows
    counts = {"sure": sure, "not sure": unsure, "with an error": summary.failed}
    counted = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    model = [f"Model {bundle.version}", f"snapshot of {day(bundle.snapshot_date)}", quality(bundle)]
    segments = [
        f"  {one.name}: {one.rows:,}, of which {one.sure:,} sure" for one in segment_counts(summary)
    ]
    lines = [f"{target.name}: {summary.rows:,} rows, {counted}.", *segments]
    lines += [*missing_sentences(summary), f"{', '.join(filter(None, model))}."]
    return "\n".join(lines)


def _progress(rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{rows:,} rows", end="\r", file=sys.stderr, flush=True)


def _note(sentence: str) -> None:
    print(f"bankseg: {sentence}", file=sys.stderr)


def _pair(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} has no =; expected such as frequency=Count")
    return name.strip(), column.strip()


def share_between_0_and_1(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise argparse.ArgumentTypeError(f"unknown encoding {text!r}; try utf-8, cp1252") from None


def _delimiter(text: str) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1:
        raise ListError(f"The delimiter {text!r} is not one character. Use for example ';' or tab.")
    return text


if __name__ == "__main__":
    sys.exit(main())
