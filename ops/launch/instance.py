"""Prepare the Dagster instance's folder and the environment of the platform's processes."""

import json
from collections.abc import Mapping
from pathlib import Path

from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.atomic_file import atomic_file

_LOOPBACK = "127.0.0.1,localhost"
TEMPLATE = Path(__file__).with_name("dagster.yaml")
STORAGE_FOLDERS = {"runs": "history", "events": "history/runs", "schedules": "schedules"}
"""Name in the template -> folder in the instance's; as Dagster has them by default."""


def prepare_instance(dagster_home: Path) -> None:
    """Write this version's dagster.yaml into the instance's folder."""
    wanted = instance_yaml(dagster_home)
    current = dagster_home / "dagster.yaml"
    if current.exists() and current.read_bytes() == wanted:
        return
    with atomic_file(current) as file:
        file.write(wanted)


def instance_yaml(dagster_home: Path) -> bytes:
    """Return the configuration of the instance in a folder; its storage is where Dagster's is."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, folder in STORAGE_FOLDERS.items():
        path = json.dumps(str(dagster_home.absolute() / folder), ensure_ascii=False)
        text = text.replace(f"<{name}>", path)
    return text.encode()


def process_environment(
    settings: Settings, java_home: Path | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return `environ` with the variables for Dagster, Java and Streamlit."""
    # Third-party programs would use a configured proxy for this machine's servers too.
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
