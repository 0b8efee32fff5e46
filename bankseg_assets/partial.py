"""P(segment | whatever is known of a customer): exact, in closed form, for any subset of measures.

A segment that is Gaussian with diagonal covariance S in the space of the principal components is
Gaussian in the space of the features, with mean m U and covariance U' S U + R, where U takes
component scores back to features and R is the covariance of the components that were dropped, the
same for all segments. To leave a feature out is to leave out its row and column (the marginal of a
Gaussian). With every feature known this is naive Bayes itself. One temperature for each subset,
fitted on training customers, makes the probabilities honest (Guo et al., On Calibration of Modern
Neural Networks, 2017); it changes no label.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring import (
    DERIVED,
    Array,
    Bundle,
    Prediction,
    checked_measure,
    log_joint,
    project,
    softmax,
    transformed,
)

_RIDGE = 1e-9  # two features that nearly repeat each other leave a covariance without an inverse


def posterior(bundle: Bundle, known: Mapping[str, npt.ArrayLike]) -> Prediction:
    """Return P(segment | known measures) of n customers; absent or NaN means unknown.

    Raises InputError when a value is not a number, infinite or negative.
    """
    given = [name for name in bundle.measures if name in known]
    values = {name: checked_measure(name, known) for name in given}
    count = max((len(column) for column in values.values()), default=1)
    values = {name: np.broadcast_to(column, count) for name, column in values.items()}
    present = np.array(
        [~np.isnan(values[n]) if n in values else np.zeros(count, bool) for n in bundle.measures]
    )
    found = np.empty((count, len(bundle.prior)))
    for pattern in np.unique(present, axis=1).T:
        rows = (present == pattern[:, None]).all(axis=0)
        names = [name for name, is_known in zip(bundle.measures, pattern, strict=True) if is_known]
        some = {name: values[name][rows] for name in names}
        joint = joint_of_known(bundle, some, int(rows.sum()))
        found[rows] = softmax(bundle.temperatures.get(subset_key(names), 1.0) * joint)
    return Prediction(found)


def joint_of_known(bundle: Bundle, known: Mapping[str, Array], count: int) -> Array:
    """Return log P(segment, known) of n customers who share what is known, but for a constant."""
    if set(known) == set(bundle.measures):
        return log_joint(bundle, project(bundle, known))
    places = known_features(bundle, known)
    prior = np.tile(np.log(bundle.prior), (count, 1))
    if not places:
        return prior
    back = np.linalg.pinv(bundle.components)
    centres = (bundle.means @ back)[:, places]
    columns = np.column_stack([transformed(bundle.features[place], known) for place in places])
    standardised = (columns - bundle.mean[places]) / bundle.scale[places]
    block = np.ix_(places, places)
    for segment, variance in enumerate(bundle.variances):
        covariance = (back.T * variance @ back + bundle.residual)[block]
        root = np.linalg.cholesky(covariance + _RIDGE * np.eye(len(places)))
        white = np.linalg.solve(root, (standardised - centres[segment]).T)
        prior[:, segment] -= 0.5 * (white**2).sum(axis=0) + np.log(np.diag(root)).sum()
    return prior


def known_features(bundle: Bundle, known: Iterable[str]) -> list[int]:
    """Return the places of the features that follow from the known measures."""
    names = set(known)
    return [
        place
        for place, feature in enumerate(bundle.features)
        if feature.measure in names or set(DERIVED.get(feature.measure, ("?",))) <= names
    ]


def subset_key(names: Iterable[str]) -> str:
    """Return the key of a subset of measures in `Bundle.temperatures`."""
    return ",".join(sorted(names))
