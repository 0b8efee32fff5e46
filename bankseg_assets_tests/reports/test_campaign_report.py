"""The report of a campaign."""

from html.parser import HTMLParser

import pytest

from bankseg_assets.campaigns.campaign import CampaignRequest
from bankseg_assets.reports.campaign_report import campaign_page
from bankseg_assets.reports.interval_plot import HEIGHT, Point, interval_plot
from bankseg_assets_tests.campaigns.made import ENDS, STARTS, campaign, effect, look, result


class Tags(HTMLParser):
    """The names of the elements of a page, and addresses that it loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.loaded: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]


def test_report_has_result_and_drawing_without_scripts() -> None:
    page = campaign_page(campaign(), result())
    tags = Tags(page)
    assert tags.loaded == []
    assert "script" not in tags.names
    assert tags.names.count("circle") == 2
    for text in ("The campaign worked", "A second card payment", "INR 10,300", "&lt;11"):
        assert text in page


def test_report_before_a_result_says_what_it_waits_for() -> None:
    page = campaign_page(campaign(), None)
    assert "it comes with the next delivery" in page
    assert "It can detect 12% more spending." in page
    assert "svg" not in Tags(page).names


def test_report_escapes_names() -> None:
    page = campaign_page(campaign(name="<b>Spring"), result())
    assert "<b>Spring" not in page
    assert "&lt;b&gt;Spring" in page


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_report_of_active_customers_has_no_money(currency: str) -> None:
    request = CampaignRequest(name="Spring", starts_on=STARTS, ends_on=ENDS, measure="active")
    found = effect(0.02, 0.01, measure="active")
    one = campaign(request=request, currency=currency)
    looks = (look(ENDS, found, is_last=True),)
    page = campaign_page(
        one, result(measure="active", effects=(found,), effect=found, over_time=looks)
    )
    assert "2 points (1 point to 3 points)" in page
    assert "17 customers (9 to 26 customers)" in page


def test_plot_has_zero_and_every_interval_within() -> None:
    plot = interval_plot([Point("1 Oct", 5.0, 2.0, 8.0, (1.0, 9.0))], str)
    (mark,) = plot.marks
    assert mark.wide is not None
    heights = [mark.wide[1], mark.high, mark.y, mark.low, mark.wide[0], plot.zero]
    assert heights == sorted(heights)
    assert 0 < heights[0] < heights[-1] < HEIGHT


@pytest.mark.parametrize("value", [0.0, 1e-15, -3.0, 4e12])
def test_plot_of_any_size_has_distinct_ticks(value: float) -> None:
    plot = interval_plot([Point("1 Oct", value, value, value)], str)
    places = [place for place, _ in plot.ticks]
    assert len(set(places)) == len(places) >= 2
