"""The code location that Dagster loads (see workspace.yaml)."""

import multiprocessing

from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.runtime.spark import spark_config, start_early

if multiprocessing.parent_process() is not None:
    # The process of a run, which the code server starts: Java starts in the time of the imports, on
    # the other core.
    settings = load_settings()
    start_early(settings, spark_config(settings))

from bankseg_assets.defs.build import build_defs

defs = build_defs()
