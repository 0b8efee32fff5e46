"""Feature choice for one-time customers, daily customers, unknown balances, and overdrafts."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.contracts.feature_catalogue import FEATURES
from bankseg_assets.scoring.bundle import InputError
from bankseg_assets.segmentation.feature_choice import MEASURES, FeatureChoice, choose_features

N = 1000
# 200 bins an e-fold: values from 0 to about 7 million.
SPREAD = dict.fromkeys(range(600, 1600, 100), 100)
ONCE = {1: 840, 2: 130, 3: 30}
DAILY = dict.fromkeys(range(20, 200, 9), 50)


def counts(**changed: Mapping[int, int]) -> dict[str, Mapping[int, int]]:
    """Return histograms of N customers that suit every feature, except given changes."""
    usual = {"recency": {1: 400, 9: 300, 40: 300}, "frequency": ONCE}
    return {name: usual.get(name, SPREAD) for name in MEASURES} | changed


def names(choice: FeatureChoice, place: int = 0) -> list[str]:
    return [feature.name for feature in choice.candidates[place].features]


def test_one_time_customers_get_repeat_feature() -> None:
    choice = choose_features(counts(), N)
    assert names(choice) == [
        *("recency", "repeat", "capped_frequency"),
        *("log_average_amount", "log_monetary", "log_average_balance"),
    ]
    first = choice.candidates[0]
    assert (first.n_components, first.whiten, choice.warnings) == (2, False, ())
    assert "log_average_balance" not in names(choice, 2)


def test_active_customers_get_frequency_feature() -> None:
    choice = choose_features(counts(frequency=DAILY), N)
    assert "log_frequency" in names(choice)
    assert not {"repeat", "capped_frequency"} & set(names(choice))


def test_constant_frequency_excludes_frequency_and_sum() -> None:
    """25 transactions for every customer: the sum is then 25 times the average."""
    choice = choose_features(counts(frequency={25: N}), N)
    assert names(choice) == ["recency", "log_average_amount", "log_average_balance"]
    assert choice.warnings == (
        "The number of transactions is not used: it is the same for all customers.",
    )


@pytest.mark.parametrize(("once", "kept"), [(5, False), (15, True), (985, True), (995, False)])
def test_repeat_needs_one_percent_on_either_side(once: int, kept: bool) -> None:
    choice = choose_features(counts(frequency={1: once, 2: N - once}), N)
    assert ("repeat" in names(choice)) == kept


@pytest.mark.parametrize(
    ("balances", "why"),
    [
        ({}, "it is unknown for all customers"),
        ({900: 100, 1000: 300}, "it is known for only 40% of customers"),
        ({0: N}, "it is the same for all customers"),
        ({0: 995, 900: 5}, "it is the same for over 99% of the customers"),
    ],
)
def test_uninformative_measure_is_excluded(balances: dict[int, int], why: str) -> None:
    choice = choose_features(counts(average_balance=balances), N)
    assert "log_average_balance" not in names(choice)
    assert choice.warnings == (f"The account balance is not used: {why}.",)


def test_constant_measures_give_no_candidate() -> None:
    alike = {"recency": {1: N}, "frequency": {1: N}, "average_balance": {}}
    choice = choose_features(
        counts(average_amount={0: N}, monetary={0: N}, **alike),  # type: ignore[arg-type]
        N,
    )
    assert choice.candidates == ()
    assert len(choice.warnings) == 4


def test_negative_money_has_signed_logarithm() -> None:
    """The parameter is the lower quintile of the sizes: bin 600 is a little over 19."""
    choice = choose_features(counts(average_balance={-900: 500, -600: 300, 600: 200}), N)
    features = {feature.name: feature for feature in choice.candidates[0].features}
    assert features["log_average_balance"].transform == "signed_log"
    assert features["log_average_balance"].parameter == 19.0
    assert features["log_average_amount"].transform == "log_offset"


def test_offset_is_positive_if_a_fifth_are_zero() -> None:
    choice = choose_features(counts(average_balance={0: 300, 600: 300, 1000: 400}), N)
    balance = choice.candidates[0].features[-1]
    assert (balance.name, balance.parameter) == ("log_average_balance", 19.0)


def test_named_features_are_only_candidate() -> None:
    choice = choose_features(
        counts(recency={3: N}), N, named=["recency", "log_monetary", "repeat"], n_components=2
    )
    assert [names(choice, place) for place in range(len(choice.candidates))] == [
        ["log_monetary", "repeat"]
    ]
    assert choice.warnings[0].startswith("The number of days since the last transaction is not")
    with pytest.raises(InputError, match=r"Unknown features \['age'\]"):
        choose_features(counts(), N, named=["age"])
    with pytest.raises(ValueError, match="3 components requested of 2 features"):
        choose_features(counts(), N, named=["repeat", "recency"], n_components=3)


def test_run_may_set_space_only() -> None:
    choice = choose_features(counts(), N, n_components=3, whiten=True)
    assert {(one.n_components, one.whiten) for one in choice.candidates} == {(3, True)}


HISTOGRAMS = st.dictionaries(st.integers(-2000, 3000), st.integers(1, 500), max_size=6)
WHOLE_HISTOGRAMS = st.dictionaries(st.integers(1, 300), st.integers(1, 500), min_size=1, max_size=6)


@given(st.tuples(*[WHOLE_HISTOGRAMS] * 2, *[HISTOGRAMS] * 3))
def test_every_candidate_can_be_fitted(found: tuple[dict[int, int], ...]) -> None:
    """Features are known names, vary, have a usable parameter, and are at least the components."""
    histograms = {
        name: dict(sorted(one.items())) for name, one in zip(MEASURES, found, strict=True)
    }
    total = max(sum(one.values()) for one in histograms.values())
    choice = choose_features(histograms, total)
    assert len(set(choice.candidates)) == len(choice.candidates)
    for candidate in choice.candidates:
        assert 1 <= candidate.n_components <= len(candidate.features)
        for feature in candidate.features:
            assert feature.name in FEATURES
            assert len(histograms[feature.measure]) > 1
            assert feature.parameter > 0 or feature.transform == "identity"
            assert feature.transform != "log_offset" or min(histograms[feature.measure]) >= 0


def test_choice_warns_of_spending_where_direction_is_known() -> None:
    (warning,) = choose_features(counts(frequency={25: N}), N, direction_known=True).warnings
    assert warning == (
        "The number of spending transactions is not used: it is the same for all customers."
    )
    (warning,) = choose_features(counts(frequency={25: N}), N).warnings
    assert warning == "The number of transactions is not used: it is the same for all customers."
