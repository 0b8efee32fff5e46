"""Effects of a campaign as a table for CSV."""

from bankseg_assets.campaigns.result_table import result_table
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets_tests.campaigns.made import campaign, effect, result


def test_table_has_a_row_for_each_effect() -> None:
    table = result_table(campaign(), result())
    assert table["rows_of"].tolist() == [
        *["campaign"] * 2,
        *["until the day"] * 2,
        *["segment"] * 2,
    ]
    whole = table.iloc[1]
    assert (whole["verdict"], whole["treated"], whole["mean_held_out"]) == ("worked", 855, 120)
    assert table["method"].tolist()[:2] == ["Welch", "CUPED"]
    assert table["decision_low"].notna().tolist() == [False, False, True, True, False, False]


def test_table_leaves_hidden_segments_empty() -> None:
    hidden = result_table(campaign(), result()).iloc[-1]
    assert hidden["segment"] == "Savers"
    assert hidden[["treated", "difference"]].isna().all()


def test_table_of_other_measures_has_their_means() -> None:
    active = effect(0.1, 0.05, measure="active")
    table = result_table(campaign(), result(effects=(active,), effect=active))
    assert table["mean_treated"][0] == 0.5


def test_csv_has_whole_numbers_of_customers() -> None:
    lines = to_csv(result_table(campaign(), result())).decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Spring,campaign,2016-11-20,,spend,Welch,855,95,132.0,120.0,")


def test_table_before_any_effect_is_empty() -> None:
    nothing = result(effects=(), effect=None, over_time=(), segments=(), arms=())
    assert result_table(campaign(), nothing).empty
