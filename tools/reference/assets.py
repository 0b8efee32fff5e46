"""Assets, the columns of their tables and their checks, from the Dagster definitions."""

from collections.abc import Iterable, Sequence

import dagster as dg

from bankseg_assets.contracts.tables import TABLES, Column, Table
from bankseg_assets.definitions import defs
from bankseg_assets.defs.assets import common
from tools.reference.markdown import paragraphs, table

_GROUPS = (
    *(common.DELIVERIES, common.INGESTION, common.INSIGHT, common.VALUE),
    *(common.MODELS, common.SEGMENTS),
    *(common.CLASSIFIER, common.ACTIONS, common.RELEASES, common.PLATFORM, common.PRIVACY),
)
"""As the data flows."""


def assets() -> str:
    """Return a table of all assets."""
    return table(
        ("asset", "group", "contents"),
        (
            (f"[`{name}`](#{name})", spec.group_name or "", paragraphs(spec.description)[0])
            for spec in _specs()
            for name in (spec.key.to_user_string(),)
        ),
    )


def each_asset() -> str:
    """Return a section for each asset: the rest of its description, its columns, its checks."""
    return "\n\n".join("\n\n".join(_section(spec)) for spec in _specs())


def _section(spec: dg.AssetSpec) -> Iterable[str]:
    name = spec.key.to_user_string()
    yield f"### `{name}`"
    yield from paragraphs(spec.description)[1:]
    if name in TABLES:
        yield _columns(TABLES[name])
    graph = defs.resolve_asset_graph()
    checks = sorted(key.name for key in graph.asset_check_keys if key.asset_key == spec.key)
    if checks:
        keys = [dg.AssetCheckKey(spec.key, check) for check in checks]
        yield _checks([graph.get_check_spec(key) for key in keys])


def _specs() -> list[dg.AssetSpec]:
    graph = defs.resolve_asset_graph()
    found = [graph.get(key).assets_def.specs_by_key[key] for key in graph.toposorted_asset_keys]
    return sorted(found, key=lambda spec: _GROUPS.index(spec.group_name or ""))


def _checks(specs: Sequence[dg.AssetCheckSpec]) -> str:
    return table(
        ("check", "blocks", "what it checks"),
        (
            (f"`{one.name}`", "yes" if one.blocking else "", paragraphs(one.description)[0])
            for one in specs
        ),
    )


def _columns(one: Table) -> str:
    return table(
        ("column", "type", "meaning"),
        ((f"`{column.name}`", _type(column), _meaning(column)) for column in one.columns),
    )


def _type(column: Column) -> str:
    return f"{column.type}, may be null" if column.nullable else column.type


def _meaning(column: Column) -> str:
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning
