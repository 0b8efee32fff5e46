"""List the locked packages: a CycloneDX document, and a page with their licences.

`python -m ops.dev.sbom [FILE]` writes the document, `--licences` the page. Versions and hashes are
those of the locks, licences those that the installed packages state.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from ops.dev.lock import DEPLOY, DEV, RUN, blocks
from ops.install import TOOLS

SCOPES = {RUN: "required", DEPLOY: "optional", DEV: "excluded", TOOLS: "excluded"}
"""Lock -> CycloneDX's scope: runs always, only in deploy/, only in development."""
USED = {"required": "runs", "optional": "deployment", "excluded": "development"}
ROOT = RUN.parents[1]
OUTPUT = ROOT / "sbom.cdx.json"
PAGE = ROOT / "docs" / "reference" / "licences.md"
UNKNOWN = "not stated"
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_LONGEST = 60  # of a licence's name; some packages state its whole text
_PREFIX = "License :: "


@dataclass(frozen=True)
class Package:
    """A locked package."""

    name: str
    version: str
    scope: str
    hashes: tuple[str, ...]
    required_by: tuple[str, ...]
    licence: str
    is_expression: bool

    @property
    def purl(self) -> str:
        """The package URL, which identifies it in lists of known weaknesses."""
        return f"pkg:pypi/{self.name.lower().replace('_', '-')}@{self.version}"


def locked_packages(scopes: Mapping[Path, str] = SCOPES) -> list[Package]:
    """Return the packages of the locks, each once, by name."""
    found: dict[str, Package] = {}
    for lock, scope in scopes.items():
        for pinned, block in blocks(lock.read_text("utf-8")).items():
            name, _, version = pinned.partition("==")
            name = name.partition("[")[0]
            if name not in found:
                licence, is_expression = licence_of(name, version)
                hashes = tuple(_HASH.findall(block))
                required_by = tuple(_required_by(block))
                found[name] = Package(
                    *(name, version, scope, hashes, required_by, licence, is_expression)
                )
    return sorted(found.values(), key=lambda one: one.name)


def licence_of(name: str, version: str) -> tuple[str, bool]:
    """Return the licence that an installed package states, and whether it is an SPDX expression."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return "", False
    if found.version != version:
        return "", False
    return stated_licence(found.metadata)


def stated_licence(metadata: PackageMetadata) -> tuple[str, bool]:
    """Return the licence in a package's metadata, and whether it is an SPDX expression."""
    if expression := _field(metadata, "License-Expression"):
        return expression, True
    named = [
        one.removeprefix(_PREFIX).removeprefix("OSI Approved :: ")
        for one in metadata.get_all("Classifier") or []
        if one.startswith(_PREFIX) and one != f"{_PREFIX}OSI Approved"
    ]
    text = _field(metadata, "License").strip()
    if text and len(text) <= _LONGEST and "\n" not in text and text != "UNKNOWN":
        return text, False
    return "; ".join(named), False


def _field(metadata: PackageMetadata, name: str) -> str:
    return next(iter(metadata.get_all(name) or [""]), "")


def document(packages: Sequence[Package]) -> dict[str, Any]:
    """Return the packages as CycloneDX 1.6; the same locks give the same document."""
    components = [_component(one) for one in packages]
    known = {one.name: one.purl for one in packages}
    depends: dict[str, list[str]] = {purl: [] for purl in known.values()}
    root: list[str] = []
    for one in packages:
        for parent in one.required_by:
            (depends[known[parent]] if parent in known else root).append(one.purl)
    content = json.dumps(components, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_OID, content)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "bankseg", "bom-ref": "bankseg"}},
        "components": components,
        "dependencies": [
            {"ref": "bankseg", "dependsOn": sorted(set(root))},
            *({"ref": ref, "dependsOn": sorted(set(those))} for ref, those in depends.items()),
        ],
    }


def licences_page(packages: Sequence[Package]) -> str:
    """Return the page of licences, in Markdown."""
    rows = (
        f"| {one.name} | {one.version} | {one.licence or UNKNOWN} | {USED[one.scope]} |"
        for one in packages
    )
    return "\n".join(
        [
            "# Licences of the packages",
            "",
            "As the locked packages state them; written by `make licences`. `make sbom` writes the",
            "same packages, with hashes and dependencies, as a CycloneDX document.",
            "",
            "| package | version | licence | used for |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document or the page; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.dev.sbom")
    parser.add_argument("file", nargs="?", type=Path, help="where to write to")
    parser.add_argument("--licences", action="store_true", help="write the page of licences")
    options = parser.parse_args(arguments)
    packages = locked_packages()
    if options.licences:
        (options.file or PAGE).write_text(licences_page(packages), "utf-8")
        return 0
    text = json.dumps(document(packages), indent=1, ensure_ascii=False)
    (options.file or OUTPUT).write_text(f"{text}\n", "utf-8")
    print(f"{len(packages):,} packages in {options.file or OUTPUT}")
    return 0


def _component(one: Package) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "scope": one.scope,
        # One for each file in which the package is delivered.
        "hashes": [{"alg": "SHA-256", "content": content} for content in one.hashes],
        "purl": one.purl,
    }
    if one.licence and one.is_expression:
        found["licenses"] = [{"expression": one.licence}]
    elif one.licence:
        found["licenses"] = [{"license": {"name": one.licence}}]
    return found


def _required_by(block: str) -> Iterator[str]:
    """Yield the names after `# via` in the lines of a locked package."""
    for line in block.splitlines():
        text = line.strip()
        if text.startswith("#"):
            name = text.lstrip("#").strip().removeprefix("via").strip()
            if name and "--hash" not in name:
                yield name.split()[0]


if __name__ == "__main__":
    sys.exit(main())
