"""Escape text from the data for Markdown in Dagster's and the app's pages."""

import re


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is.

    >>> escaped("*PUNE* <b>")
    '\\\\*PUNE\\\\* \\\\<b\\\\>'
    """
    return re.sub(r"([\\`*_\[\]<>|~$])", r"\\\1", text)
