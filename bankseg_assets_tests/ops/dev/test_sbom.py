"""The list of packages is that of the locks, and valid CycloneDX."""

import json
import re
from email.message import Message
from pathlib import Path

import pytest

from ops.dev import sbom
from ops.dev.lock import AUDIT, RUN, blocks
from ops.dev.sbom import PAGE, document, licences_page, locked_packages, main, stated_licence
from ops.install import LOCKS

PACKAGES = locked_packages()
SERIAL = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def test_every_locked_package_is_listed_with_its_hashes() -> None:
    found = {f"{one.name}=={one.version}" for one in PACKAGES}
    locks = [lock for lock in LOCKS.glob("*.lock") if lock != AUDIT]
    locked = {re.sub(r"\[.*\]", "", name) for lock in locks for name in blocks(lock.read_text())}
    assert found == locked
    assert all(one.hashes for one in PACKAGES)


def test_document_is_cyclonedx() -> None:
    """The rules of the schema for what this document has."""
    found = json.loads(json.dumps(document(PACKAGES)))
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(SERIAL, found["serialNumber"])
    refs = [one["bom-ref"] for one in found["components"]]
    assert len(refs) == len(set(refs))
    for one in found["components"]:
        assert (one["type"], one["scope"] in sbom.USED) == ("library", True)
        assert one["purl"].startswith("pkg:pypi/")
        assert all(len(entry["content"]) == 64 for entry in one["hashes"])
        for licence in one.get("licenses", ()):
            assert licence.keys() in ({"expression"}, {"license"})
    known = {"bankseg", *refs}
    assert {one["ref"] for one in found["dependencies"]} == known
    assert all(set(one["dependsOn"]) <= known for one in found["dependencies"])


def test_dependencies_are_those_of_the_locks() -> None:
    depends = {one["ref"]: one["dependsOn"] for one in document(PACKAGES)["dependencies"]}
    named = {one.name: one.purl for one in PACKAGES}
    assert named["dagster"] in depends["bankseg"]
    assert named["alembic"] in depends[named["dagster"]]
    assert named["alembic"] not in depends["bankseg"]


def test_same_locks_give_the_same_document(tmp_path: Path) -> None:
    assert main([str(tmp_path / "a.json")]) == main([str(tmp_path / "b.json")]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_licences_of_all_packages_are_documented() -> None:
    """Other licences than those of the page are those of packages that are not installed."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for one in PACKAGES:
        row = f"| {one.name} | {one.version} | "
        (line,) = [line for line in lines if line.startswith(row)]
        assert not one.licence or one.licence in line, "run `make licences`"
    assert len(licences_page(PACKAGES).splitlines()) == len(lines)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License-Expression": "MIT OR Apache-2.0"}, ("MIT OR Apache-2.0", True)),
        ({"License": "BSD"}, ("BSD", False)),
        (
            {"License": "a long text " * 9, "Classifier": "License :: OSI Approved :: MIT License"},
            ("MIT License", False),
        ),
        ({"License": "UNKNOWN"}, ("", False)),
        ({}, ("", False)),
    ],
    ids=["expression", "name", "whole text", "unknown", "none"],
)
def test_licence_is_read_from_metadata(fields: dict[str, str], expected: tuple[str, bool]) -> None:
    metadata = Message()
    for name, value in fields.items():
        metadata[name] = value
    assert stated_licence(metadata) == expected  # type: ignore[arg-type]


def test_packages_of_the_audit_have_hashes_and_no_address() -> None:
    text = AUDIT.read_text(encoding="utf-8")
    assert "pip-audit==" in text
    assert "://" not in text
    assert all("--hash=sha256:" in block for block in blocks(text).values())
    assert RUN.name == "run.lock"
