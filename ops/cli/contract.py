"""Suggest or check a contract for a bank's file: `bankseg contract suggest|check FILE`.

suggest prints a contract with its evidence, and the questions that the file leaves open. check does
a trial run on a sample of the file; nothing is published. Values are masked in both. schema prints
the JSON schema of a contract.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.landing.files import printable
from bankseg_assets.runtime.settings import SettingsError, called_from, load_settings
from ops.exit_codes import INTERRUPTED, report, reports

# Importing pyarrow and Spark takes seconds; the help must not wait for them.
if TYPE_CHECKING:
    from bankseg_assets.onboarding.check import Report
    from bankseg_assets.onboarding.suggest import Suggestion

OPEN_QUESTIONS = 3


@reports(SettingsError, ContractError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the subcommand; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return report("stopped.", INTERRUPTED)
    except OSError as error:
        return report(f"{printable(str(error.filename or 'The file'))}: {error.strerror}.")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg contract",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    suggest = commands.add_parser(
        "suggest",
        help="suggest a contract for a file",
        description="Suggest a contract for a file, with its evidence and the open questions.",
        epilog="Exit code: 0 for a complete contract, 3 with open questions, 2 without a contract.",
    )
    suggest.add_argument("file", type=Path, help="a CSV, CSV.gz, Parquet or XLSX of the bank")
    suggest.add_argument(
        "--output", "-o", type=Path, help="write the contract to this file instead of printing it"
    )
    suggest.add_argument(
        *("--answer", "-a"),
        action="append",
        default=[],
        type=_pair,
        metavar="SETTING=VALUE",
        help="the answer to a question, such as columns.transaction_date.format=d/M/yyyy",
    )
    suggest.set_defaults(run=_suggest)
    check = commands.add_parser(
        "check",
        help="check a file against a contract",
        description="Check a sample of a file against a contract; nothing is published.",
        epilog="Exit code: 0 if the sample is accepted, 1 if more than 1 % of it would be "
        "quarantined, 2 if the file would be rejected or the contract cannot be used.",
    )
    check.add_argument("file", type=Path, help="a CSV, CSV.gz, Parquet or XLSX of the bank")
    check.add_argument("--contract", "-c", type=Path, help="default: BANKSEG_CONTRACT")
    check.add_argument("--show-values", action="store_true", help="show values unmasked")
    check.add_argument("--json", action="store_true", help="print one line of JSON, for programs")
    check.set_defaults(run=_check)
    schema = commands.add_parser(
        "schema",
        help="print the JSON schema of a contract, for editors",
        description="Print the JSON schema of a contract, for editors.",
    )
    schema.set_defaults(run=_schema)
    return parser


def _schema(_: argparse.Namespace) -> int:
    from bankseg_assets.contracts.toml.documents import schema_text

    print(schema_text(), end="")
    return 0


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SETTING=VALUE")
    return key.strip(), value.strip()


def _caller_path(path: Path) -> Path:
    """Return a path relative to the caller's folder: `./bankseg` changes the folder."""
    return called_from() / path.expanduser()


def _suggest(options: argparse.Namespace) -> int:
    from bankseg_assets.onboarding.draft import AnswerError
    from bankseg_assets.onboarding.sample import SampleError
    from bankseg_assets.onboarding.suggest import suggest

    try:
        found = suggest(_caller_path(options.file), dict(options.answer))
    except (SampleError, AnswerError) as error:
        return report(error)
    if options.output is None:
        print(found.text, end="")
    else:
        output = _caller_path(options.output)
        output.write_text(found.text, encoding="utf-8")
        print(f"Written to {output}, from {found.rows:,} rows.", file=sys.stderr)
    if found.is_complete:
        return 0
    print("\n".join(_questions(found)), file=sys.stderr)
    return OPEN_QUESTIONS


def _questions(found: "Suggestion") -> Iterator[str]:
    yield ""
    count = len(found.questions)
    yield f"{count} {'question is' if count == 1 else 'questions are'} open. The file does not say:"
    for question in found.questions:
        yield f"  {question.key}: {question.choices}"
        yield f"      {question.why}"
    first = found.questions[0]
    answer = first.options[0] if first.options else "..."
    yield f'Answer with --answer "{first.key}={answer}" and so on, or in the contract itself.'


def _check(options: argparse.Namespace) -> int:
    contract_path = _caller_path(options.contract) if options.contract else load_settings().contract
    contract = load_contract(contract_path)
    from bankseg_assets.onboarding.check import as_json, check
    from bankseg_assets.onboarding.sample import SampleError
    from bankseg_assets.onboarding.sample_cleaning import quiet_errors

    with quiet_errors() as log:
        try:
            checked = check(_caller_path(options.file), contract, show_values=options.show_values)
        except SampleError as error:
            failure: object = error
        except OSError:
            raise
        except Exception as error:  # of Spark or Java; the log has its message
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines()[-5:]
            failure = "\n".join([f"The check could not run: {error}", *said])
        else:
            failure = None
    if failure is not None:
        return report(failure)
    print(as_json(checked) if options.json else "\n".join(_summary(checked, contract_path)))
    return checked.exit_code


def _summary(report: "Report", contract: Path) -> Iterator[str]:
    if report.outcome != "accepted":
        yield f"The file would be {report.outcome}: {report.detail}"
        return
    yield f"Contract: {contract}"
    yield f"Read: {report.detail}"
    if report.is_cut:
        yield "Only the beginning of the file was read."
    yield ""
    yield "Columns:"
    for ours, name in report.header.items():
        yield f"  {ours:18} {printable(name)}"
    for number, row in enumerate(report.rows, 1):
        yield ""
        yield f"Row {number} of {len(report.rows)} shown, as written:"
        yield f"  {_fields(row['raw'])}"
        yield "as read:"
        yield f"  {_fields(row['parsed'])}"
    if report.facts:
        yield ""
        yield f"Of the accepted rows: {'; '.join(report.facts)}."
    for reason in report.reasons:
        yield ""
        examples = (
            f", such as {' or '.join(map(printable, reason.examples))}" if reason.examples else ""
        )
        yield f"{reason.code}: {reason.rows:,} rows{examples}"
        yield f"  {reason.advice}"
    yield ""
    yield (
        f"Of {report.sampled:,} sampled rows {report.accepted:,} would be accepted, "
        f"{report.quarantined:,} quarantined, {report.duplicates:,} are duplicates "
        f"({report.records:,} rows in the file; {report.seconds:.0f} seconds)."
    )


def _fields(values: dict[str, str]) -> str:
    return ", ".join(
        f"{name}={json.dumps(text, ensure_ascii=False)}" for name, text in values.items()
    )


if __name__ == "__main__":
    sys.exit(main())
