"""Dagster resources: the Spark session, published versions, and deliveries with their contract."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_pyspark import LazyPySparkResource
from pydantic import Field

from bankseg_assets.contracts.delivery import DeliveryContract, load_contract
from bankseg_assets.erasure.limits import Limits, kept_from, removed_before
from bankseg_assets.landing.ledger import Ledger, current_content
from bankseg_assets.privacy.audit import AUDIT_FOLDER
from bankseg_assets.privacy.customer_ids import IsOne
from bankseg_assets.privacy.tombstones import Tombstones
from bankseg_assets.runtime.settings import (
    ALERTS_FOLDER,
    DEFAULT_CONTRACT,
    Settings,
    load_settings,
)
from bankseg_assets.runtime.spark import prepare_process, wait_until_started
from bankseg_assets.storage.version_store import VersionStore


class SparkResource(LazyPySparkResource):
    """One Spark session a run, started when first used and stopped when the run ends.

    dagster-pyspark's own has no teardown, so its JVM outlives the run.
    """

    stop_after_run: bool = True

    @property
    def spark_session(self) -> Any:
        """The Spark session; the first access starts the JVM.

        Raises JavaNotFoundError when there is no Java to start it with.
        """
        if self._spark_session is None:
            wait_until_started()
            prepare_process(load_settings())
        return super().spark_session

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Stop the session, unless the caller (a test suite) shares it between runs."""
        if self._spark_session is not None and self.stop_after_run:
            self._spark_session.stop()


class PublishedResource(dg.ConfigurableResource[Any]):
    """The published versions of every asset."""

    published_dir: str
    keep_versions: int = 3
    require_approval: bool = False
    """Whether a newly fitted model needs a reviewer's approval before it is released."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Claim the right to publish for this run."""
        if context.run is not None:
            self.store.begin(context.run.run_id)

    @property
    def audit_dir(self) -> Path:
        """The folder of the audit log."""
        return Path(self.published_dir).parent / AUDIT_FOLDER

    @property
    def alerts_dir(self) -> Path:
        """The folder of alerts and of the last failure."""
        return Path(self.published_dir).parent / ALERTS_FOLDER

    @property
    def store(self) -> VersionStore:
        """The version store."""
        return VersionStore(Path(self.published_dir), self.keep_versions)


class DeliveryResource(dg.ConfigurableResource[Any]):
    """Where files land, where their content is kept, and what they must look like."""

    landing_dir: str
    raw_dir: str
    ledger_path: str
    contract_path: str = str(DEFAULT_CONTRACT)
    data_dir: str = ""
    """The platform's data folder; empty to ignore erasures and removals."""
    transactions_months: int = 0
    """The age from which transactions are removed; 0 keeps all."""

    @property
    def settings(self) -> Settings:
        """The folders of the platform."""
        return Settings(data_dir=Path(self.data_dir), contract=Path(self.contract_path))

    @property
    def is_erased(self) -> IsOne | None:
        """Whether a customer was erased; None if no one was. Raises TombstoneError."""
        return Tombstones(self.settings.privacy_dir).matcher() if self.data_dir else None

    @property
    def kept_from(self) -> date | None:
        """The day before which rows of new files are not ingested; None for none."""
        limits = Limits(transactions_months=self.transactions_months)
        return kept_from(self.settings.privacy_dir, limits) if self.data_dir else None

    @property
    def removed_before(self) -> date | None:
        """The day before which transactions were removed for their age; None if none were."""
        return removed_before(self.settings.privacy_dir) if self.data_dir else None

    @property
    def contract(self) -> DeliveryContract:
        """The contract of the delivered files.

        Raises ContractError when it cannot be used.
        """
        return load_contract(Path(self.contract_path))

    @property
    def ledger(self) -> Ledger:
        """The ledger of deliveries."""
        return Ledger(Path(self.ledger_path))

    @property
    def holds_demo_data(self) -> bool:
        """Whether all delivered files are demo data, which is not a benchmark."""
        return all(found.is_demo for found in current_content(self.ledger.deliveries()))


class HoldingsResource(DeliveryResource):
    """The same for files of product holdings: their own folder, archive, ledger and columns."""

    @property
    def contract(self) -> DeliveryContract:
        """The contract of a file of holdings."""
        return super().contract.of_holdings()


class RetentionResource(dg.ConfigurableResource[Any]):
    """How long data are kept, and where they are."""

    data_dir: str
    contract_path: str = str(DEFAULT_CONTRACT)
    limits: dict[str, int] = Field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The folders of the platform."""
        return Settings(data_dir=Path(self.data_dir), contract=Path(self.contract_path))

    @property
    def ages(self) -> Limits:
        """The age from which data are removed."""
        return Limits(**self.limits)
