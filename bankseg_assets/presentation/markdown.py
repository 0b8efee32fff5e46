"""Text in Markdown: what came with the data is only text. Of Dagster's pages and the app's."""

import re


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is.

    >>> escaped("*PUNE* <b>")
    '\\\\*PUNE\\\\* \\\\<b\\\\>'
    """
    return re.sub(r"([\\`*_\[\]<>|~$])", r"\\\1", text)
