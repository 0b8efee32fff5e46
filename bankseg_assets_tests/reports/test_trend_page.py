"""The page of figures over the releases that opens offline."""

import re

from bankseg_assets.reports.line_svg import line_svg
from bankseg_assets.reports.trend_page import trend_page
from bankseg_assets_tests.campaigns.trend_fixtures import two_segments, version


def test_page_has_lines_tables_and_no_address() -> None:
    found = [version(number, {"<b>": {"id": 1}}, {"2016-09": 0.5}) for number in (1, 2)]
    page = trend_page(found, {}, note="One is left out.").decode()
    assert "Version 1, 1 October 2016 to Version 2, 31 October 2016. One is left out." in page
    # All customers, segment and group, in each of five measures.
    assert page.count("<svg") == 3 * 5
    assert "&lt;b&gt;" in page
    assert "<b></b>" not in page
    assert "Sep 2016" in page
    assert "&lt;11" in page
    assert not re.search(r"https?://|<script", page)


def test_page_of_one_release_has_no_lines() -> None:
    page = trend_page([two_segments(1)], {}, money="Spending").decode()
    assert "<svg" not in page
    assert "Figures of each version" in page


def test_page_of_many_releases_is_small() -> None:
    found = [two_segments(number) for number in range(1, 61)]
    page = trend_page(found, {})
    assert len(page) < 300_000


def test_line_has_a_gap_where_a_value_is_unknown() -> None:
    drawn = line_svg([1, 2, None, 4, 5], [0, 1, 2, 3, 4], "Savers")
    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 1


def test_line_marks_a_lone_value() -> None:
    drawn = line_svg([1, None, -3.5, None, 2], [0, 1, 2, 3, 4], '"Savers"')
    assert "<polyline" not in drawn
    assert drawn.count("<circle") == 3
    assert 'aria-label="&quot;Savers&quot;"' in drawn


def test_line_of_equal_values_is_flat() -> None:
    (heights,) = (re.findall(r",([0-9.]+)", line_svg(values, [0, 1], "")) for values in ([0, 0],))
    assert set(heights) == {"30.0"}
    assert line_svg([None, None], [0, 1], "") == ""
