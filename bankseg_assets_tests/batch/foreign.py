"""Run another bank's files through the whole platform and score with its release."""

import shutil
from collections.abc import Collection
from pathlib import Path

import dagster as dg
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bankseg_assets.defs.assets.models.kmeans_model import KMeansConfig
from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, Settings
from bankseg_assets.scoring.answers import Answers, answers
from bankseg_assets.scoring.bundle import Bundle, load_bundle
from bankseg_assets.segmentation.k_selection import DEFAULT_KS
from bankseg_assets_tests.running import Platform, run_platform

MOST_SEGMENTS = 6  # instead of ten: each k takes a second
Ints = npt.NDArray[np.int64]


def run_bank(
    data_dir: Path,
    spark: SparkResource,
    files: Collection[Path],
    *,
    contract: Path = DEFAULT_CONTRACT,
    holdings: Collection[Path] = (),
) -> Platform:
    """Run everything on a new platform with these delivered files; k is 2 to 6."""
    settings = Settings(data_dir=data_dir, contract=contract)
    for folder, delivered in (
        (settings.landing_dir, files),
        (settings.holdings_dir, holdings),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        for file in delivered:
            shutil.copyfile(file, folder / file.name)
            (folder / f"{file.name}.done").touch()  # complete; a new file would be waited for
    platform = resources(settings, spark=spark)
    config = dg.RunConfig(
        {"kmeans_model": KMeansConfig(ks=list(range(DEFAULT_KS[0], MOST_SEGMENTS + 1)))}
    )
    return Platform(settings, platform, run_platform(platform, config=config))


def released(bank: Platform) -> Release:
    """Return the release; fail with the reason if there is none."""
    found = current_release(bank.settings.published_dir)
    refused = {
        name: check.description for name, check in bank.run.checks.items() if not check.passed
    }
    assert found is not None, f"no release: {bank.run.failures}; checks: {refused}"
    return found


def bundle_of(bank: Platform) -> Bundle:
    """Return the model that the release serves."""
    return load_bundle(released(bank).path("nb_classifier"))


def answers_for_all(bank: Platform) -> tuple[Answers, Ints]:
    """Return the answers for the bank's own customers, and their segments."""
    bundle, customers = bundle_of(bank), bank.run.table("customer_segments")
    known = {
        field.measure: customers[field.measure].cast(pa.float64()).to_numpy()
        for field in bundle.inputs
    }
    return answers(bundle, known), customers["segment"].to_numpy()
