"""The models, fitted once for all tests."""

import pytest
from pyspark.sql import SparkSession

from bankseg_assets_tests.fitted_models import Fitted, fit, random_customers


@pytest.fixture(scope="session")
def fitted(spark: SparkSession) -> Fitted:
    """Every model, fitted on 900 random customers."""
    return fit(random_customers(spark))
