"""The model to serve: that of the newest release, or the last good one if that is unusable."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bankseg_assets.release.releases import Release, current_refusal
from bankseg_assets.scoring.bundle import Bundle, BundleError
from bankseg_assets.scoring.published_model import read_model
from bankseg_assets.scoring.segment_names import named, read_names


@dataclass(frozen=True)
class Serving:
    """The model in use, if any, and why the newest one is not in use, if so."""

    bundle: Bundle | None = None
    release: Release | None = None
    problem: str = ""


def renew(serving: Serving, find: Callable[[], list[Release]]) -> Serving:
    """Return the model to serve now; the same object if nothing has changed.

    `find` returns the releases, newest first.
    """
    problem = ""
    releases = find()
    for release in releases:
        if serving.release is not None and release.name == serving.release.name:
            return _with_problem(renamed(serving), problem)
        try:
            return Serving(read_model(release), release, problem)
        except BundleError as error:
            problem = problem or str(error)
    if serving.bundle and not releases:
        problem = "All releases were removed."
    return _with_problem(serving, problem)


def renamed(serving: Serving) -> Serving:
    """Return the same model with the bank's present names; the same object without a change."""
    if serving.bundle is None or serving.release is None:
        return serving
    bundle = named(serving.bundle, read_names(serving.release.folder))
    return serving if bundle is serving.bundle else replace(serving, bundle=bundle)


def why_no_model(serving: Serving, published_dir: Path) -> str:
    """Return why there is no model and what to do; repeating a refused batch does not help."""
    refused = current_refusal(published_dir)
    if serving.problem or refused is None:
        reason = serving.problem or "No model has been released yet."
        return f"{reason} Run `make materialize`."
    return f"No model has been released yet: the first one was refused. {' '.join(refused.reasons)}"


def _with_problem(serving: Serving, problem: str) -> Serving:
    if problem == serving.problem:
        return serving
    return Serving(serving.bundle, serving.release, problem)
