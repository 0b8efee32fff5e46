"""Answers from the released model, in numpy."""
