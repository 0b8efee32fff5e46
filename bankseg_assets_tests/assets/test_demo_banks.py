"""Three banks of other shapes go from a file to a release, and from there to answers."""

import re

import numpy as np
import pytest

from bankseg_assets.resources import SparkResource
from bankseg_assets_tests.assets.foreign import answers_for_all, bundle_of, released, run_bank
from bankseg_assets_tests.ops.test_api import serving
from bankseg_assets_tests.running import Platform
from ops.demo_banks import BANKS, write_bank

AGREES = 0.8  # of the bank's own customers are answered with the segment that they are in
NONSENSE = re.compile(r"\bnan\b|\bNone\b|[A-Z]{3} -|(?<![\d,.])1 days|\b0% of")


@pytest.fixture(scope="module", params=list(BANKS))
def bank(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    spark_resource: SparkResource,
) -> Platform:
    """A bank on a platform of its own, after one run."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    delivery, contract = write_bank(name, folder, customers=BANKS[name].customers, seed=7)
    return run_bank(folder / "data", spark_resource, [delivery], contract=contract)


def test_a_bank_of_another_shape_is_released(bank: Platform) -> None:
    assert bank.run.failures == {}
    assert released(bank).versions["customer_segments"]
    quarantined = bank.run.table("quarantined_transactions").num_rows
    assert quarantined == 0


def test_every_customer_of_another_bank_is_in_a_segment(bank: Platform) -> None:
    customers = bank.run.table("customer_segments")
    assert customers.num_rows == bank.run.table("rfm_table").num_rows
    names = [segment["name"] for segment in bundle_of(bank).segments]
    assert len(set(names)) == len(names)
    assert set(customers["segment_name"].to_pylist()) <= set(names)


def test_what_is_said_of_another_bank_s_segments_is_sound(bank: Platform) -> None:
    said = [row["sentence"] for row in bank.run.table("segment_profiles").to_pylist()]
    said += [row["reason"] for row in bank.run.table("recommended_actions").to_pylist()]
    assert [text for text in said if NONSENSE.search(text)] == []


def test_not_most_customers_of_another_bank_are_lost(bank: Platform) -> None:
    """Interest for all on the last day: all were "Lost" or "At risk"."""
    groups = bank.run.table("rfm_table")["rfm_group"].to_pylist()
    assert sum(group in ("Lost", "At risk") for group in groups) < len(groups) / 2


def test_another_bank_s_customers_are_answered(bank: Platform) -> None:
    found, segments = answers_for_all(bank)
    assert np.isfinite(found.probabilities).all()
    numbers = np.array([segment["segment"] for segment in bundle_of(bank).segments])
    assert (numbers[found.places] == segments).mean() >= AGREES


def test_the_api_answers_for_another_bank(bank: Platform) -> None:
    bundle = bundle_of(bank)
    customer = {field["measure"]: field["default"] for field in bundle.inputs}
    with serving(bank.settings.data_dir) as client:
        answer = client.post("/score", customer)
    assert answer.status == 200
    assert answer.json["name"] in [segment["name"] for segment in bundle.segments]
    assert sum(answer.json["probabilities"].values()) == pytest.approx(1, abs=1e-4)
