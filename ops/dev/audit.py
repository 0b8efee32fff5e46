"""Compare the locked packages with the published lists of weaknesses: `make audit`.

Arguments: the Python that has pip-audit, and the service with the lists, `pypi` or `osv`. It runs
where these can be reached; exit code 1 for a known weakness, 2 if nothing was compared.
"""

import re
import subprocess
import sys
from collections.abc import Sequence

from ops.dev.lock import AUDIT
from ops.install import LOCKS, NO_INDEX

WEAKNESS, NOT_COMPARED = 1, 2
FOUND = r"Found \d+ known"
UNREACHED = rf"{NO_INDEX}|(?i:not found on pypi|service unavailable|proxy|50[0-9] )"
SENTENCE = (
    "bankseg: the lists of {service!r} were not reached, so no package was compared. Run "
    "`make audit` where they can be had (SERVICE=pypi asks the package index, SERVICE=osv asks "
    "osv.dev), or give sbom.cdx.json of `make sbom` to a scanner that has a copy of the lists."
)
OPTIONS = ("--strict", "--require-hashes", "--disable-pip", "--progress-spinner", "off")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; return the exit code."""
    python, service = sys.argv[1:] if arguments is None else arguments
    locks = sorted(lock for lock in LOCKS.glob("*.lock") if lock != AUDIT)
    named = [word for lock in locks for word in ("-r", str(lock))]
    # Strict: a mirror without the lists would report that nothing is known.
    command = [python, "-m", "pip_audit", *OPTIONS, "-s", service, *named]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    is_compared = ended.returncode == 0 or re.search(FOUND, ended.stderr)
    if not is_compared and re.search(UNREACHED, ended.stderr):
        print(ended.stderr.strip().splitlines()[-1], file=sys.stderr)
        print(SENTENCE.format(service=service), file=sys.stderr)
        return NOT_COMPARED
    sys.stderr.write(ended.stderr)
    return WEAKNESS if ended.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
