"""A server of the API, shared by tests that change nothing."""

from collections.abc import Iterator

import pytest

from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.ops.api.serving import Client, serving
from bankseg_assets_tests.scoring.lists.sample_lists import FORM_INPUTS


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with a model, shared by tests that change nothing."""
    data_dir = tmp_path_factory.mktemp("api")
    publish(data_dir, inputs=FORM_INPUTS)
    with serving(data_dir) as found:
        yield found
