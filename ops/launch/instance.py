"""The Dagster instance: its folder, and the environment in which every process finds it."""

import os
from collections.abc import Mapping
from pathlib import Path

from bankseg_assets.runtime.settings import Settings

_LOOPBACK = "127.0.0.1,localhost"
TEMPLATE = Path(__file__).with_name("dagster.yaml")


def prepare_instance(dagster_home: Path) -> None:
    """Make the instance's folder hold the configuration of this version of the platform."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    wanted = TEMPLATE.read_bytes()
    current = dagster_home / "dagster.yaml"
    if current.exists() and current.read_bytes() == wanted:
        return
    # Written aside and renamed: a process that starts meanwhile never reads half a file.
    draft = current.with_name(f"dagster.yaml.{os.getpid()}")
    draft.write_bytes(wanted)
    draft.replace(current)


def process_environment(
    settings: Settings, java_home: Path | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return `environ` with what Dagster, Java and Streamlit need to know."""
    # Programs of others ask a proxy for this machine's own servers too, where one is named.
    direct = ",".join(filter(None, (environ.get("NO_PROXY", environ.get("no_proxy")), _LOOPBACK)))
    java = {} if java_home is None else {"JAVA_HOME": str(java_home)}
    return {
        **environ,
        **java,
        "DAGSTER_HOME": str(settings.dagster_home),
        "NO_PROXY": direct,
        "no_proxy": direct,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
