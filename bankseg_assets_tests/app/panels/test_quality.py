"""Tests of the quality tables."""

from app.panels.quality import confusion, reliability_table
from app.widgets.numbers import Numbers
from bankseg_assets.scoring.documents import ReliabilityBin, Segment


def test_reliability_table_has_words_and_shares() -> None:
    rows = [ReliabilityBin(confidence=0.515, accuracy=0.487, customers=1039)]
    assert reliability_table(rows, Numbers()).to_dict("records") == [
        {
            "Predicted probability": "51.5%",
            "Share of correct answers": "48.7%",
            "Customers": "1,039",
        }
    ]


def test_confusion_columns_are_segment_numbers() -> None:
    segments = [Segment(segment=0, name="Small"), Segment(segment=1, name="Big")]
    assert confusion([[50, 3], [0, 30]], segments, Numbers()).to_dict("records") == [
        {"True segment": "0: Small", "as 0": "50", "as 1": "<11"},
        {"True segment": "1: Big", "as 0": "0", "as 1": "30"},
    ]
