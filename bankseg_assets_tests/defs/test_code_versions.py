"""A digest of source files changes with their content and names, and with nothing else."""

from pathlib import Path

import pytest

from bankseg_assets.defs.code_versions import source_digest, source_version


def test_source_digest_changes_with_content_and_name(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text("LIMIT = 1\n", encoding="utf-8")
    (tmp_path / "rules.pyc").write_bytes(b"any")
    first = source_digest(tmp_path)
    (tmp_path / "rules.pyc").write_bytes(b"other")
    assert source_digest(tmp_path) == first
    rules.write_text("LIMIT = 2\n", encoding="utf-8")
    second = source_digest(tmp_path)
    rules.rename(tmp_path / "limits.py")
    assert len({first, second, source_digest(tmp_path)}) == 3


def test_source_version_differs_by_package() -> None:
    assert source_version("profiling") != source_version("segmentation")


def test_source_version_of_missing_package_is_an_error() -> None:
    with pytest.raises(LookupError, match="no Python files"):
        source_version("profilling")
