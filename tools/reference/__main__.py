"""Write the generated parts of docs/: `make docs`."""

import sys

from bankseg_assets.contracts.toml import documents
from tools.reference.pages import DOCS, rendered


def main() -> int:
    """Write every page whose generated parts differ; print the names."""
    for page in sorted(DOCS.rglob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = rendered(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page}")
    documents.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
