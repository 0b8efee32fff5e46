"""Importing the modules of the pages in advance."""

import sys

from app.state.preload import PANELS, preload


def test_panels_are_imported_beside_the_server() -> None:
    thread = preload()
    thread.join(60)
    assert not thread.is_alive()
    assert thread.daemon  # does not keep a server alive that stops meanwhile
    names = {f"app.panels.{file.stem}" for file in PANELS.glob("[!_]*.py")}
    assert {*names, "plotly.graph_objects", "pandas"} <= sys.modules.keys()
