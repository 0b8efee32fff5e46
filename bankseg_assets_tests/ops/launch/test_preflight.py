"""Each problem of a machine is reported in one sentence with what was found and what to do."""

import re
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.runtime.settings import Settings
from ops.launch.preflight import (
    BusyError,
    PreflightError,
    check_contract,
    check_disk,
    check_packages,
    check_path,
    check_ports,
    data_lock,
    find_java,
    ports,
)


def test_data_lock_excludes_others(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    for _ in range(2):
        with (
            data_lock(data_dir, "make run"),
            pytest.raises(BusyError, match=r"`make run` \(process \d+\) is already using"),
            data_lock(data_dir, "make clean"),
        ):
            pass


def test_data_lock_reports_an_unwritable_folder() -> None:
    with (
        pytest.raises(PreflightError, match=r"/dev/null/data cannot be written .*BANKSEG_DATA_DIR"),
        data_lock(Path("/dev/null/data"), "make run"),
    ):
        pass


def test_data_lock_is_held_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows says that the disk is full; `make clean` frees it."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ops.launch.preflight.os.write", full)
    with (
        data_lock(tmp_path, "make clean"),
        pytest.raises(BusyError, match="Another process is already using"),
        data_lock(tmp_path, "make run"),
    ):
        pass


def test_check_disk_reports_free_and_needed_space(tmp_path: Path) -> None:
    check_disk(tmp_path, needed_bytes=1)
    missing = tmp_path / "not" / "yet"
    message = rf"{re.escape(str(missing))} has \d+\.\d GB free and 1000000000\.0 GB are needed"
    with pytest.raises(PreflightError, match=message):
        check_disk(missing, needed_bytes=10**18)


def test_check_ports_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(PreflightError, match=rf"Port {taken} .* in use.*BANKSEG_APP_PORT"):
            check_ports(Settings(dagster_port=_free_port(), app_port=taken, api_port=0))


def test_check_ports_accepts_free_ports() -> None:
    check_ports(Settings(dagster_port=_free_port(), app_port=_free_port(), api_port=_free_port()))


def test_ports_without_the_api() -> None:
    assert "BANKSEG_API_PORT" in ports(Settings())
    assert "BANKSEG_API_PORT" not in ports(Settings(api_port=0))


def test_check_ports_refuses_shared_ports() -> None:
    with pytest.raises(PreflightError, match="are both 8501"):
        check_ports(Settings(dagster_port=8501, app_port=8501))
    with pytest.raises(PreflightError, match="BANKSEG_APP_PORT and BANKSEG_API_PORT are both 8501"):
        check_ports(Settings(api_port=8501))


@pytest.mark.parametrize("name", ["a b", "[1]", "{a}", "*", "#", "a:b", "Müller", "'\\"])
def test_check_path_accepts_unusual_letters(tmp_path: Path, name: str) -> None:
    check_path(tmp_path / name / "data")


@pytest.mark.parametrize(
    ("name", "character"), [("50%", "'%'"), ("why?", r"'\?'"), ("a,b", "','"), ("a\nb", r"'\\n'")]
)
def test_check_path_refuses_special_characters(tmp_path: Path, name: str, character: str) -> None:
    message = f"has {character} in its name.*BANKSEG_DATA_DIR"
    with pytest.raises(PreflightError, match=message) as error:
        check_path(tmp_path / name)
    assert "\n" not in str(error.value)


def test_check_path_requires_ascii_without_utf_8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "iso8859-9")
    check_path(tmp_path)
    with pytest.raises(PreflightError, match=r"in iso8859-9, not UTF-8\. Set LC_ALL=C\.UTF-8"):
        check_path(tmp_path / "Müller")


def test_check_contract_lists_all_errors(tmp_path: Path) -> None:
    check_contract(Settings())
    contract = tmp_path / "mine.toml"
    contract.write_text('currency = "Rs"\n', encoding="utf-8")
    with pytest.raises(PreflightError, match=r"mine\.toml: currency is 'Rs'; expected three lett"):
        check_contract(Settings(contract=contract))


def test_check_packages_reports_another_pyspark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_packages()
    other = tmp_path / "pyspark" / "__init__.py"
    other.parent.mkdir()
    other.touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyspark", raising=False)
    with pytest.raises(PreflightError, match=r"finds pyspark in .*/pyspark, .* Unset PYTHONPATH"):
        check_packages()


@given(st.integers().filter(lambda port: not 0 < port < 65536))
def test_check_port_refuses_invalid_numbers(port: int) -> None:
    with pytest.raises(PreflightError, match=f"is {port}; expected a port from 1 to 65535"):
        check_ports(Settings(dagster_port=port, app_port=_free_port()))


def test_find_java_is_none_for_a_remote_spark(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, spark_remote="sc://spark.bank:15002")
    assert find_java(settings, {}) is None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
