"""The code location that Dagster loads (see workspace.yaml)."""

from bankseg_assets.defs.build import build_defs

defs = build_defs()
