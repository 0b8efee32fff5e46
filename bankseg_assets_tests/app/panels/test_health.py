"""Tests of the page Health."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.panels.health import headline
from bankseg_assets.monitoring.finding import Finding, Level
from bankseg_assets.monitoring.health import Health


def found(*levels: Level) -> Health:
    findings = tuple(Finding(topic=f"{n}", level=level, fact="") for n, level in enumerate(levels))
    return Health(level="green", findings=findings)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("green", "green"), "Everything works"),
        (("green", "amber"), "1 to check, 1 fine"),
        (("red", "amber", "red", "green"), "2 to act on, 1 to check, 1 fine"),
    ],
)
def test_headline_counts_what_needs_attention(levels: tuple[Level, ...], expected: str) -> None:
    assert headline(found(*levels)) == expected


def test_health_shows_the_worst_first_with_words_and_next_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    findings = (
        Finding(topic="Release", level="green", fact="Version 2 was made 1 hour ago."),
        Finding(topic="Disk", level="red", fact="*0.1 GB*", next_step="Free space."),
    )
    monkeypatch.setattr(
        "app.panels.health.health", lambda _: Health(level="red", findings=findings)
    )

    def script(folder: str) -> None:
        from pathlib import Path

        from app.panels.health import show_health
        from bankseg_assets.runtime.settings import Settings

        show_health(Settings(data_dir=Path(folder)))

    page = AppTest.from_function(script, args=(str(tmp_path),)).run()
    assert not page.exception
    assert page.subheader[0].value == "1 to act on, 1 fine"
    assert [one.value for one in page.markdown] == [
        *(":red-badge[:material/error: Act]", "**Disk.** \\*0.1 GB\\*"),
        *("What to do: Free space.", ":green-badge[:material/check_circle: Fine]"),
        "**Release.** Version 2 was made 1 hour ago.",
    ]
