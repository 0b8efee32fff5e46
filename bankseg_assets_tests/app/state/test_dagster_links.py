"""Tests of links to the Dagster UI: for each viewer, or words alone."""

import pytest

from app.state.dagster_links import links_for
from bankseg_assets.runtime.settings import Settings

RUN = "0123456789abcdef"
PROXIED = Settings(dagster_url="https://dagster.bank.test/")


@pytest.mark.parametrize(
    ("settings", "page", "link"),
    [
        (Settings(dagster_port=3141), "http://localhost:8501/", "http://127.0.0.1:3141"),
        (Settings(), "http://127.0.0.1:8501/deliveries", "http://127.0.0.1:3000"),
        (Settings(), "http://[::1]:8501/", "http://127.0.0.1:3000"),
        (Settings(), "", "http://127.0.0.1:3000"),
        (PROXIED, "https://app.bank.test/", "https://dagster.bank.test"),
        (PROXIED, "http://127.0.0.1:8501/", "https://dagster.bank.test"),
    ],
)
def test_run_is_linked_where_the_browser_finds_it(settings: Settings, page: str, link: str) -> None:
    links = links_for(settings, page)
    assert links.run(RUN) == f"[run 01234567]({link}/runs/{RUN})"
    assert links.page("Runs", "/runs") == f"[Runs in Dagster]({link}/runs)"


def test_unknown_address_is_not_linked() -> None:
    """From another machine, 127.0.0.1 is the viewer's own."""
    links = links_for(Settings(), "https://app.bank.test/")
    assert links.run(RUN, "Run") == "Run 01234567"
    assert links.page("Runs", "/runs") == "Runs in Dagster"
