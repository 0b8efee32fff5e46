"""Lineage of a release as OpenLineage events: which version was made from which, by columns."""

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bankseg_assets.contracts.column_lineage import upstream_columns
from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.release.releases import RELEASE, Release
from bankseg_assets.release.unreleased_versions import CANDIDATE
from bankseg_assets.storage.version_store import VersionStore, published_at, version_record

NAMESPACE, LANDED = "bankseg", "bankseg/landing"
RAW = "raw_transactions"
_SPEC = "https://openlineage.io/spec/"
_EVENT = f"{_SPEC}2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "schema": f"{_SPEC}facets/1-1-1/SchemaDatasetFacet.json",
    "version": f"{_SPEC}facets/1-0-1/DatasetVersionDatasetFacet.json",
    "columnLineage": f"{_SPEC}facets/1-2-0/ColumnLineageDatasetFacet.json",
}


def events(release: Release) -> list[dict[str, Any]]:
    """Return an event for each version of a release, upstream first, and for those beside it.

    An event is of the step that made the version; its run is named by Dagster's run and the asset.
    """
    named = {**versions_beside(release), **release.versions, RELEASE: release.name}
    found = []
    for asset in sorted(named, key=lambda one: (named[one].split("-")[1], one)):
        folder = release.folder / asset / named[asset]
        record = version_record(folder)
        # The step of a release reads few of the versions that it names.
        used = release.versions if asset == RELEASE else record.inputs
        inputs = [_dataset(one, name) for one, name in sorted(used.items())]
        if asset == RAW:
            inputs = list(_landed(record.files))
        found.append(
            {
                "eventType": "COMPLETE",
                "eventTime": published_at(folder).isoformat(),
                "run": {"runId": str(uuid5(NAMESPACE_OID, f"{record.run_id}/{asset}"))},
                "job": {"namespace": NAMESPACE, "name": asset},
                "inputs": inputs,
                "outputs": [_dataset(asset, named[asset], is_output=True)],
                "producer": _producer(),
                "schemaURL": _EVENT,
            }
        )
    return found


def versions_beside(release: Release) -> dict[str, str]:
    """Return asset -> newest version, of assets on which no release depends, such as studies."""
    store = VersionStore(release.folder)
    others = {*store.assets()} - release.versions.keys() - {RELEASE, CANDIDATE}
    return {asset: kept[-1].name for asset in sorted(others) if (kept := store.versions(asset))}


def _landed(files: Iterable[str]) -> Iterable[dict[str, Any]]:
    """Yield the delivered files, by the SHA-256 of their content."""
    for name in sorted(files):
        if name.endswith(".parquet"):
            yield {"namespace": LANDED, "name": name.removesuffix(".parquet")}


def _dataset(asset: str, name: str, *, is_output: bool = False) -> dict[str, Any]:
    facets = {"version": _facet("version", datasetVersion=name)}
    if is_output and asset in TABLES:
        fields = [
            {"name": column.name, "type": column.type, "description": column.meaning}
            for column in TABLES[asset].columns
        ]
        facets["schema"] = _facet("schema", fields=fields)
    if is_output and (upstream := upstream_columns(asset)):
        source, columns = upstream
        facets["columnLineage"] = _facet("columnLineage", fields=_inputs_of(source, columns))
    return {"namespace": NAMESPACE, "name": asset, "facets": facets}


def _inputs_of(source: str, columns: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        column: {
            "inputFields": [
                {"namespace": NAMESPACE, "name": source, "field": name} for name in names
            ]
        }
        for column, names in columns.items()
    }


def _facet(name: str, **content: Any) -> dict[str, Any]:
    return {"_producer": _producer(), "_schemaURL": _FACETS[name], **content}


def _producer() -> str:
    try:
        return f"urn:bankseg:{version('bankseg')}"
    except PackageNotFoundError:  # run from its folder, without being installed
        return "urn:bankseg:source"
