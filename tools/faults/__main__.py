"""Run scenarios over seeds, print a table, and write it into docs/reliability.md."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tools.faults import report
from tools.faults.lab import Lab
from tools.faults.scenario import ALL, Outcome, Scenario
from tools.faults.scenarios import LOADED

INTERRUPTED = 143


def main() -> int:
    """Run the selected scenarios; return 0 if every repetition held."""
    options = _parser().parse_args()
    assert LOADED
    chosen = [ALL[name] for name in options.only or ALL]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(INTERRUPTED))
    lines = []
    with tempfile.TemporaryDirectory(prefix="bankseg-faults-") as folder:
        lab = Lab(Path(folder), options.seeds)
        for one in chosen:
            try:
                outcomes = [
                    _repetition(one, lab, seed)
                    for seed in range(1 if one.is_once else options.seeds)
                ]
            finally:
                lab.stop(one.name)
            lines.append(report.line(one, outcomes))
            print(lines[-1], flush=True)
            if not options.dry:
                report.write(lines[-1:])
    print("\n".join([*report.HEADER, *lines]))
    return 0 if all(report.HELD in line for line in lines) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.faults")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=sorted(ALL), metavar="NAME")
    parser.add_argument("--dry", action="store_true", help="leave docs/reliability.md alone")
    return parser


def _repetition(one: Scenario, lab: Lab, seed: int) -> Outcome:
    started = time.monotonic()
    try:
        outcome = one.run(lab, seed)
    except Exception as error:
        traceback.print_exc()
        outcome = Outcome(holds=False, detail=f"{type(error).__name__}: {error}")
    outcome.seconds.setdefault("whole", time.monotonic() - started)
    verdict = "holds" if outcome.holds else "FAILS"
    print(
        f"{one.name} seed {seed}: {verdict} in {outcome.seconds['whole']:.0f} s. "
        f"{outcome.reads} reads. {outcome.detail}",
        flush=True,
    )
    return outcome


if __name__ == "__main__":
    sys.exit(main())
