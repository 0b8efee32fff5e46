"""Which model answers: the newest recorded one, or the last good one while that is unusable."""

from collections.abc import Callable
from dataclasses import dataclass

from app.published import Publication, RecordError, read_model
from bankseg_assets.scoring import Bundle, BundleError


@dataclass(frozen=True)
class Serving:
    """The model in use, if any; and, if the newest one is not in use, why."""

    bundle: Bundle | None = None
    publication: Publication | None = None
    problem: str = ""


def renew(serving: Serving, find: Callable[[], Publication | None]) -> Serving:
    """Return what to serve now: the same object when nothing has changed."""
    try:
        publication = find()
        if publication is None:
            return _without_record(serving)
        if publication == serving.publication:
            return _with_problem(serving, "")
        return Serving(read_model(publication), publication)
    except (BundleError, RecordError) as error:
        return _with_problem(serving, str(error))


def _without_record(serving: Serving) -> Serving:
    gone = "Dagster no longer has a record of any model." if serving.bundle else ""
    return _with_problem(serving, gone)


def _with_problem(serving: Serving, problem: str) -> Serving:
    if problem == serving.problem:
        return serving
    return Serving(serving.bundle, serving.publication, problem)
