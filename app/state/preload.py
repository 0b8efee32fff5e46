"""Import the modules of the pages in advance: the first visitor would wait two seconds for them."""

from importlib import import_module
from pathlib import Path
from threading import Thread

PANELS = Path(__file__).resolve().parents[1] / "panels"


def preload() -> Thread:
    """Begin to import what the pages use, beside the server; return the thread."""
    thread = Thread(target=import_panels, name="preload", daemon=True)
    thread.start()
    return thread


def import_panels() -> None:
    """Import every panel, and with them pandas, Arrow and plotly."""
    for file in sorted(PANELS.glob("[!_]*.py")):
        import_module(f"app.panels.{file.stem}")
