"""Show who did what: `bankseg audit [--json] [--subject ID]`, or check the chain: `--verify`."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.privacy.audit import SYSTEM, AuditLog
from bankseg_assets.privacy.customer_ids import normalised
from bankseg_assets.privacy.tombstones import TombstoneError, Tombstones
from bankseg_assets.runtime.settings import SettingsError, load_settings
from ops.exit_codes import FAILED, report, reports

ID = "customer_id"


@reports(SettingsError, ContractError, TombstoneError, OSError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Print the entries, or the result of the check; return the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings()
    log = AuditLog(settings.audit_dir)
    if options.verify:
        if fault := log.fault():
            return report(f"The audit log is not intact. {settings.audit_dir}: {fault}", FAILED)
        number, digest = log.head
        print(f"The chain of {number:,} entries is intact. Hash of the last: {digest}")
        return 0
    subject = ""
    if options.subject:
        rule = load_contract(settings.contract).columns[ID]
        subject = Tombstones(settings.privacy_dir).reference(normalised(options.subject, rule))
    for entry in log.entries():
        if not subject or entry["on"] == subject:
            print(json.dumps(entry, ensure_ascii=False) if options.json else line(entry))
    return 0


def line(entry: Mapping[str, Any]) -> str:
    """Return an entry as one line for people."""
    details = ", ".join(f"{name}: {value}" for name, value in entry["details"].items())
    known_by = entry.get("known_by", SYSTEM)
    who = entry["who"] if known_by == SYSTEM else f"{entry['who']} ({known_by})"
    parts = [entry["at"], who, entry["what"], entry["on"], entry["result"], details]
    if entry["why"]:
        parts.append(f"Reason: {entry['why']}")
    return "  ".join(filter(None, parts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bankseg audit", description="Show who did what.")
    add = parser.add_argument
    add("--verify", action="store_true", help="check that no entry was edited, removed or moved")
    add("--subject", default="", metavar="ID", help="only entries on this customer")
    add("--json", action="store_true", help="every entry as a line of JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
