"""Import rules between folders: only along the flow of the data."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "bankseg_assets"
# A folder may import those before it. Each is a step of the flow or shared by several steps.
LAYERS = (
    *("runtime", "contracts", "presentation", "storage", "stats", "privacy"),
    "access",
    *("landing", "cleaning", "onboarding", "release", "value"),
    "attrition",
    *("scoring", "campaigns"),
    *("lookup", "reports", "erasure", "evidence", "monitoring"),
    *("customers", "segmentation", "profiling", "classifier", "migration", "products"),
    "defs",
)
ALONE_IN = {
    "dagster": (f"{PACKAGE}/defs", "ops/launch"),
    "dagster_pyspark": (f"{PACKAGE}/defs",),
    "streamlit": ("app",),
    "fastapi": ("ops/api",),
}
"""Package -> folders that may import it."""
WITHOUT_SPARK = (
    *(f"{PACKAGE}/{folder}" for folder in ("contracts", "presentation", "landing", "scoring")),
    *(
        f"{PACKAGE}/{folder}"
        for folder in ("campaigns", "lookup", "privacy", "erasure", "evidence")
    ),
    f"{PACKAGE}/monitoring",
    *(f"{PACKAGE}/{folder}" for folder in ("value", "attrition")),
    "app",
    "ops/api",
)
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in (PACKAGE, "app", "ops")
    for path in (ROOT / folder).rglob("*.py")
)


def imports(source: Path) -> Iterator[str]:
    """Yield the modules that a file imports, including imports in functions."""
    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> str:
    """Return the folder of a module of the package; empty for other modules."""
    package, _, rest = module.partition(".")
    return rest.split(".")[0] if package == PACKAGE else ""


def test_package_root_contains_only_folders() -> None:
    files = {path.name for path in (ROOT / PACKAGE).iterdir() if path.suffix == ".py"}
    folders = {path.name for path in (ROOT / PACKAGE).iterdir() if (path / "__init__.py").is_file()}
    assert files == {"__init__.py", "definitions.py"}
    assert folders == set(LAYERS)


@pytest.mark.parametrize("folder", LAYERS)
def test_folder_imports_only_earlier_folders(folder: str) -> None:
    allowed = {"", *LAYERS[: LAYERS.index(folder) + 1]}
    backwards = {
        (str(source), module)
        for source in SOURCES
        if source.parts[:2] == (PACKAGE, folder)
        for module in imports(source)
        if layer(module) not in allowed
    }
    assert not backwards


@pytest.mark.slow
@pytest.mark.parametrize("package", ALONE_IN)
def test_package_is_imported_only_where_allowed(package: str) -> None:
    places = tuple(Path(place) for place in ALONE_IN[package])
    elsewhere = {
        str(source)
        for source in SOURCES
        if any(name.split(".")[0] == package for name in imports(source))
        and not any(source.is_relative_to(place) for place in places)
    }
    assert not elsewhere


@pytest.mark.parametrize("folder", WITHOUT_SPARK)
def test_folder_needs_no_spark(folder: str) -> None:
    using = {
        str(source)
        for source in SOURCES
        if source.is_relative_to(folder)
        and any(name.split(".")[0] == "pyspark" for name in imports(source))
    }
    assert not using


def test_platform_does_not_import_app_ops_or_tools() -> None:
    beside = {
        (str(source), name)
        for source in SOURCES
        if source.parts[0] == PACKAGE
        for name in imports(source)
        if name.split(".")[0] in ("app", "ops", "tools", "bankseg_assets_tests")
    }
    assert not beside
