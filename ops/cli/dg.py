"""Dagster's `dg` with this platform's instance and Java: `bankseg dg check defs`.

Called directly, `dg` checks and lists the definitions too, but launches its runs in a temporary
instance, and sends statistics of use to its maker.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bankseg_assets.runtime.settings import SettingsError, load_settings
from ops.exit_codes import report, reports
from ops.launch.instance import prepare_instance, process_environment

ROOT = Path(__file__).parents[2]
# dagster-pyspark offers `dg` a component that is not used here.
_NOT_USED = "ignore:Class `SparkDeclarativePipelineScaffolder` is currently in preview"


@reports(SettingsError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Replace this process by `dg`; return an exit code only if it is not installed."""
    given = _parser().parse_args(arguments).arguments
    program = Path(sys.executable).with_name("dg")
    settings = load_settings()
    if program.exists():
        prepare_instance(settings.dagster_home)
        warnings = filter(None, (os.environ.get("PYTHONWARNINGS"), _NOT_USED))
        environ = process_environment(settings, None, os.environ) | {
            "VIRTUAL_ENV": sys.prefix,
            # dagster.yaml names classes of this project, which `dg` itself loads.
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTHONWARNINGS": ",".join(warnings),
        }
        os.execve(program, [str(program), *given], environ)
    return report("`dg` is not installed; run `make dev`.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg dg",
        description="Dagster's command line on this platform, such as `bankseg dg check defs`.",
        epilog="`bankseg dg COMMAND --help` is the help of a command. Dagster's documentation "
        "describes them all.",
    )
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="COMMAND ...",
        help="check defs, list defs, launch --assets NAMES, launch --job NAME, dev",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
