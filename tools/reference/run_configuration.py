"""The run configuration of the assets, from the configuration schema of the job `refit`."""

import json
from collections.abc import Iterator
from typing import Any

from bankseg_assets.definitions import defs
from tools.reference.markdown import table


def run_configuration() -> str:
    """Return a table of the fields by operation."""
    return table(("operation", "field", "default", "meaning"), _rows())


def _rows() -> Iterator[tuple[str, str, str, str]]:
    schema: Any = defs.resolve_job_def("refit").run_config_schema.config_type
    for name, operation in sorted(schema.fields["ops"].config_type.fields.items()):
        config = operation.config_type.fields.get("config")
        # An operation without fields of its own accepts any configuration, and ignores it.
        for field, one in getattr(getattr(config, "config_type", None), "fields", {}).items():
            default = f"`{json.dumps(one.default_value)}`" if one.default_provided else "required"
            yield f"`{name}`", f"`{field}`", default, one.description or ""
