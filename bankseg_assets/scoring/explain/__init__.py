"""What people ask of an answer: why this segment, what to ask next, what would change it.

Everything is computed from the bundle with numpy, for one customer, in a few milliseconds.
"""

from bankseg_assets.scoring.explain.next_question import Question, next_question
from bankseg_assets.scoring.explain.plausibility import plausibility_notes
from bankseg_assets.scoring.explain.smallest_change import Change, smallest_change
from bankseg_assets.scoring.explain.why import Reason, Why, why

__all__ = [
    "Change",
    "Question",
    "Reason",
    "Why",
    "next_question",
    "plausibility_notes",
    "smallest_change",
    "why",
]
