"""The typed parts of a scoring bundle's JSON document, validated when it is loaded.

A field with a default is absent in some published bundles.
"""

from typing import Any, Self

from pydantic import Field, model_validator

from bankseg_assets.contracts.feature_catalogue import Feature
from bankseg_assets.presentation.formatting import PLAIN
from bankseg_assets.storage.documents import Document

Number = int | float
"""Kept as written: 1 stays an integer."""


class RuleCondition(Document):
    """A condition of a segment's rule: `measure` is `<` or `>=` a value."""

    measure: str
    operator: str
    value: float


class Place(Document):
    """A place that is over-represented in a segment; index 100 is its share in all customers."""

    location: str
    customers: int
    share: float
    index: float


class Segment(Document):
    """A segment: its name and description. Shares are from 0 to 1, an index is 100 on average.

    None: unknown, or of too few customers to be shown.
    """

    segment: int
    name: str
    sentence: str = ""
    customers: int | None = None
    share_of_customers: float = 0.0
    share_of_money: float | None = None
    medians: dict[str, Number | None] = Field(default_factory=dict)
    quartiles: dict[str, list[Number | None]] = Field(default_factory=dict)
    index: dict[str, Number | None] = Field(default_factory=dict)
    rule: str | None = None
    conditions: list[RuleCondition] = Field(default_factory=list)
    coverage: float | None = None
    exclusivity: float | None = None
    locations: list[Place] = Field(default_factory=list)
    people: str | None = None
    colour: int | None = None
    """Index in the palette; older bundles use the segment's number."""
    id: int | None = None
    """Stands for this segment in all releases, and is never used again; None in older bundles."""
    generated_name: str | None = None
    """The platform's name, where `name` is the bank's: see `segment_names`. Not in bundles."""


class TextInput(Document):
    """An input that is a text: evidence such as a gender."""

    measure: str
    label: str
    unit: str = ""
    help: str = ""
    number_format: str = PLAIN
    """How sentences group digits: from the release, not part of the bundle."""


class NumberInput(TextInput):
    """An input that is a number, with the limits, default and step that a form uses."""

    minimum: Number
    maximum: Number
    default: Number | None = None
    step: Number = 1


class CalibrationDocument(Document):
    """A temperature, or a matrix (k, k) with a shift (k,): see `calibration.Calibration`."""

    temperature: float | None = None
    matrix: list[list[float]] | None = None
    shift: list[float] | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.temperature is None and (self.matrix is None or self.shift is None):
            raise ValueError("expected a temperature, or a matrix and a shift")
        return self


class EvidenceDocument(Document):
    """A table of evidence: log_probability (v, k) = log P(value | segment)."""

    label: str
    values: list[str]
    log_probability: list[list[float]]


class ReliabilityBin(Document):
    """Customers with a similar highest probability, and how often it was right."""

    customers: int
    confidence: float
    accuracy: float


class ClassifierQuality(Document):
    """The quality of one of the compared classifiers: see `classifier.evaluation.Metrics`.

    None: not defined for this classifier.
    """

    classifier: str
    accuracy: float
    f1_weighted: float
    f1_macro: float
    log_loss: float | None
    brier: float | None
    calibration_error: float | None


class SubsetQuality(Document):
    """The quality when only some inputs are known: see `classifier.temperature.Completeness`."""

    known: list[str]
    accuracy: float
    f1_weighted: float
    f1_macro: float
    log_loss: float
    brier: float
    calibration_error: float
    temperature: float | None
    evidence_weight: float | None


class EvaluationDocument(Document):
    """Quality on held-out customers, for display; it does not affect answers.

    recall, f1: (k,), of all held-out customers. The rest is measured on a sample of them.
    """

    recall: list[float] = Field(default_factory=list)
    f1: list[float] = Field(default_factory=list)
    evaluated_customers: int = 0
    reliability: list[ReliabilityBin] = Field(default_factory=list)
    classifiers: list[ClassifierQuality] = Field(default_factory=list)
    completeness: list[SubsetQuality] = Field(default_factory=list)


class BundleDocument(Document):
    """A scoring bundle as it is published: see `bundle.Bundle` for shapes and meaning."""

    format: int
    version: str
    sha256: str
    snapshot_date: str
    currency: str
    features: tuple[Feature, ...]
    mean: list[float]
    scale: list[float]
    components: list[list[float]]
    residual: list[list[float]]
    centroids: list[list[float]]
    prior: list[float]
    means: list[list[float]]
    variances: list[list[float]]
    segments: tuple[Segment, ...]
    inputs: tuple[NumberInput, ...]
    calibration: dict[str, CalibrationDocument]
    evidence: dict[str, EvidenceDocument]
    evidence_weights: dict[str, float]
    metrics: dict[str, bool | int | float]
    evaluation: EvaluationDocument
    confusion: list[list[int]]
    warnings: tuple[str, ...] = ()
    direction_known: bool = False
    fitted_snapshot_date: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, with the fields that are set."""
        return self.model_dump(mode="json", exclude_unset=True)
