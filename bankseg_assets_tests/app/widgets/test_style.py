"""Tests of style sheets."""

import pytest

from app.widgets.style import style


def test_style_sheet_cannot_contain_markup() -> None:
    with pytest.raises(ValueError, match="markup"):
        style("a {} </style><script>")
