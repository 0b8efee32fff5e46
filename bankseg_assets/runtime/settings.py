"""Settings from the environment, `bankseg.toml` or defaults, in this order.

Standard library only: the app, the launcher and the assets all import it cheaply.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

SETTINGS_FILE = Path("bankseg.toml")
CALLED_FROM = "BANKSEG_CALLED_FROM"
"""Environment variable: the folder in which a command was called, if not that of the process."""
ALERTS_FOLDER = "alerts"
STARTED_AT = "BANKSEG_STARTED_AT"
"""Environment variable: when the platform was started, in seconds since 1970."""
_SWITCH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_SECRETS = {
    "spark_remote": "token=",
    "alert_webhook": "://",
    "smtp_password": "",
}
"""Setting -> the text that makes its value a secret, which a file must not hold."""
DEFAULT_CONTRACT = Path(__file__).resolve().parents[2] / "contract.toml"


class SettingsError(ValueError):
    """Raised for an invalid setting; the message names it and what was expected."""


@dataclass(frozen=True)
class Settings:
    """The settings of the platform; each field's environment variable is `BANKSEG_<FIELD>`."""

    data_dir: Path = Path("data")
    """Folder of everything that is delivered and made; relative to the project's folder."""
    spark_master: str = "local[*]"
    """A Spark master; `local[*]` uses all cores of this machine."""
    spark_remote: str = ""
    """A Spark Connect URL instead of a master; a token only in the environment, not in a file."""
    dagster_port: int = 3000
    """Port of the Dagster UI, on 127.0.0.1."""
    app_port: int = 8501
    """Port of the app, on 127.0.0.1."""
    api_port: int = 8600
    """Port of the scoring API, on 127.0.0.1; 0 for none."""
    keep_versions: int = 3
    """Number of versions of an asset, and of releases, that are kept."""
    retain_transactions_months: int = 0
    """Age in months from which transactions are removed; 0 keeps all (docs/how-to/retention.md)."""
    retain_quarantine_days: int = 0
    """Days after its delivery from which a quarantined row is removed; 0 keeps all."""
    retain_unused_days: int = 0
    """Age in days from which refused and replaced files are removed; 0 keeps all."""
    retain_versions_days: int = 0
    """Age in days from which versions and releases that are not in use are removed; 0 keeps all."""
    retain_logs_days: int = 0
    """Days without a change from which logs and records of runs are removed; 0 keeps all."""
    retain_audit_months: int = 0
    """Age in months from which entries of the audit log are removed; 0 keeps all."""
    contract: Path = DEFAULT_CONTRACT
    """The contract that describes the delivered files."""
    run_button: bool = True
    """Whether the app has a button that starts a batch."""
    customer_page: bool = True
    """Whether app and API show what the release says about one customer."""
    require_approval: bool = False
    """Whether a newly fitted model needs a reviewer's [approval](../how-to/approval.md)."""
    access: Path = Path()
    """File of [access rules](../how-to/roles.md): who has which role; not set: all may do all."""
    warm_worker: bool = False
    """Whether `make run` keeps a process with Spark ready for the next run (1.1 GB of memory)."""
    dagster_url: str = ""
    """Where browsers reach the Dagster UI, for links in app and alerts; by default this machine."""
    app_url: str = ""
    """Where browsers reach the app, for links in alerts; by default this machine."""
    alert_on: str = "failure, rejection, refusal, approval, release, health"
    """Events that alerts are sent on: failed runs, rejected files, refused releases, models that
    await approval, new releases, a health that stays red."""
    alert_webhook: str = field(default="", repr=False)
    """Address that alerts are posted to as JSON; from the environment only, as it may be secret."""
    alert_mail_to: str = ""
    """Mail addresses that alerts are sent to, separated by commas."""
    alert_mail_from: str = ""
    """Sender of alerts by mail; by default `smtp_user`."""
    smtp_host: str = ""
    """Server that sends alerts by mail."""
    smtp_port: int = 587
    """Port of the mail server."""
    smtp_security: str = "starttls"
    """Encryption to the mail server: `starttls`, `tls`, or `none` for one on the same machine."""
    smtp_user: str = ""
    """User of the mail server, if it asks for one."""
    smtp_password: str = field(default="", repr=False)
    """Password of that user; from the environment only."""

    @property
    def access_rules(self) -> Path | None:
        """The file of access rules; None if access is not restricted."""
        return None if self.access == Path() else self.access

    @property
    def landing_dir(self) -> Path:
        """The folder where transaction files are dropped."""
        return self.data_dir / "landing"

    @property
    def raw_dir(self) -> Path:
        """Each accepted file as Parquet, in a folder named by the SHA-256 of its content."""
        return self.data_dir / "raw"

    @property
    def holdings_dir(self) -> Path:
        """The folder where product holdings files are dropped."""
        return self.data_dir / "holdings"

    @property
    def raw_holdings_dir(self) -> Path:
        """As `raw_dir`, for files of product holdings."""
        return self.data_dir / "raw_holdings"

    @property
    def published_dir(self) -> Path:
        """One folder an asset, one folder a version in it."""
        return self.data_dir / "published"

    @property
    def objections_dir(self) -> Path:
        """The folder of files with the customers who object to marketing."""
        return self.data_dir / "objections"

    @property
    def privacy_dir(self) -> Path:
        """Tombstones of erased customers with their key, certificates, and URLs of exports."""
        return self.data_dir / "privacy"

    @property
    def audit_dir(self) -> Path:
        """The audit log."""
        return self.data_dir / "audit"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance: runs, events and schedules, in SQLite."""
        return self.data_dir / "dagster_home"

    @property
    def ledger_path(self) -> Path:
        """SQLite ledger of delivered content and its outcome."""
        return self.data_dir / "ledger.sqlite"

    @property
    def holdings_ledger_path(self) -> Path:
        """As `ledger_path`, for files of product holdings."""
        return self.data_dir / "holdings_ledger.sqlite"

    @property
    def logs_dir(self) -> Path:
        """The logs of each server and of the last batch."""
        return self.data_dir / "logs"

    @property
    def java_dir(self) -> Path:
        """A small JAVA_HOME that wraps the packaged Java."""
        return self.data_dir / "java"

    @property
    def alerts_dir(self) -> Path:
        """Alerts, sent and waiting, and the last failure."""
        return self.data_dir / ALERTS_FOLDER

    @property
    def dagster_address(self) -> str:
        """The address of the Dagster UI in a browser."""
        return self.dagster_url.rstrip("/") or f"http://127.0.0.1:{self.dagster_port}"

    @property
    def app_address(self) -> str:
        """The address of the app in a browser."""
        return self.app_url.rstrip("/") or f"http://127.0.0.1:{self.app_port}"

    @property
    def scratch_dir(self) -> Path:
        """Spark's shuffle files: one folder per process, removed after it ends."""
        return self.data_dir / "spark_scratch"

    @property
    def lock_path(self) -> Path:
        """The lock held by the platform or batch that works on the data folder."""
        return self.data_dir / "run.lock"


def load_settings(
    environ: Mapping[str, str] | None = None, settings_file: Path = SETTINGS_FILE
) -> Settings:
    """Read the settings; environment variables take precedence over the file.

    Raises SettingsError when the file is not TOML, names an unknown setting, or holds a value
    of the wrong type.
    """
    given = _from_file(settings_file) | _from_environment(
        os.environ if environ is None else environ
    )
    settings = Settings()
    for name, value in given.items():
        settings = replace(settings, **{name: _convert(name, value, getattr(settings, name))})
    # Absolute, because Dagster's processes start in different folders.
    return replace(
        settings,
        data_dir=_absolute(settings.data_dir),
        contract=_absolute(settings.contract),
        access=settings.access if settings.access == Path() else _absolute(settings.access),
    )


def called_from(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder in which the command was called, to which its paths are relative."""
    return Path((os.environ if environ is None else environ).get(CALLED_FROM) or ".").absolute()


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


def _from_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        found: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}. Correct or remove it.") from error
    unknown = sorted(found.keys() - Settings.__dataclass_fields__.keys())
    if unknown:
        known = ", ".join(Settings.__dataclass_fields__)
        raise SettingsError(f"{path} has unknown settings {unknown}; the known ones are: {known}.")
    for name, secret in _SECRETS.items():
        if found.get(name) and secret in str(found[name]):
            raise SettingsError(
                f"{path} has a secret in {name}, and files are copied and committed. "
                f"Remove the line, and set BANKSEG_{name.upper()} in the environment instead."
            )
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    names = {field: f"BANKSEG_{field.upper()}" for field in Settings.__dataclass_fields__}
    given = {field: environ[name] for field, name in names.items() if environ.get(name)}
    paths = {field for field in given if isinstance(getattr(Settings, field), Path)}
    here = called_from(environ)
    return {
        field: str(here / Path(value).expanduser()) if field in paths else value
        for field, value in given.items()
    }


def _convert(name: str, value: object, default: object) -> Any:
    expected = Path if isinstance(default, Path) else type(default)
    try:
        if expected is bool:
            return _SWITCH[str(value).lower()]
        return expected(value)  # type: ignore[call-arg]
    except (TypeError, ValueError, KeyError) as error:
        wanted = "true or false" if expected is bool else f"{expected.__name__}, such as {default}"
        raise SettingsError(f"BANKSEG_{name.upper()} is {value!r}; expected {wanted}.") from error
