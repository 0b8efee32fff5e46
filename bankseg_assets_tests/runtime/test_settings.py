"""Settings: the environment wins over the file, the file over the defaults."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, Settings, SettingsError, load_settings

NO_FILE = Path("there-is-no-such-file.toml")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_have_defaults() -> None:
    assert load_settings({}, NO_FILE) == Settings(data_dir=Path("data").resolve())


def test_environment_wins_over_file(tmp_path: Path) -> None:
    file = write(tmp_path / "bankseg.toml", 'app_port = 1\nspark_master = "local[2]"\n')
    settings = load_settings({"BANKSEG_APP_PORT": "2"}, file)
    assert (settings.app_port, settings.spark_master) == (2, "local[2]")


def test_empty_variable_counts_as_unset() -> None:
    assert load_settings({"BANKSEG_APP_PORT": ""}, NO_FILE).app_port == Settings().app_port


def test_data_folder_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({"BANKSEG_DATA_DIR": "here"}, NO_FILE).data_dir == tmp_path / "here"


def test_contract_is_default_or_named_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings({}, NO_FILE).contract == DEFAULT_CONTRACT
    assert DEFAULT_CONTRACT.is_file()
    monkeypatch.chdir(tmp_path)
    named = load_settings({"BANKSEG_CONTRACT": "other.toml"}, NO_FILE).contract
    assert named == tmp_path / "other.toml"


def test_paths_are_relative_to_where_command_was_given(tmp_path: Path) -> None:
    """`bankseg` and `make -C` run in the project's folder, but are called from another."""
    environ = {
        "BANKSEG_CALLED_FROM": str(tmp_path),
        "BANKSEG_CONTRACT": "mine.toml",
        "BANKSEG_DATA_DIR": "data",
    }
    settings = load_settings(environ, NO_FILE)
    assert (settings.contract, settings.data_dir) == (tmp_path / "mine.toml", tmp_path / "data")
    file = write(tmp_path / "bankseg.toml", 'contract = "other.toml"\n')
    del environ["BANKSEG_CONTRACT"], environ["BANKSEG_DATA_DIR"]
    assert load_settings(environ, file).contract == Path("other.toml").resolve()


def test_home_folder_may_be_written_as_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/clerk")
    settings = load_settings({"BANKSEG_DATA_DIR": "~/bank"}, NO_FILE)
    assert settings.data_dir == Path("/home/clerk/bank")


def test_all_paths_are_under_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    places = {
        settings.landing_dir,
        settings.raw_dir,
        settings.published_dir,
        settings.dagster_home,
        settings.ledger_path,
        settings.holdings_dir,
        settings.raw_holdings_dir,
        settings.holdings_ledger_path,
    }
    assert len(places) == 8
    assert {place.parent for place in places} == {tmp_path}


@given(st.integers())
def test_number_is_read_from_text(port: int) -> None:
    assert load_settings({"BANKSEG_APP_PORT": str(port)}, NO_FILE).app_port == port


@given(st.text(string.ascii_letters, min_size=1))
def test_non_numeric_setting_is_named_in_error(word: str) -> None:
    with pytest.raises(SettingsError, match=f"BANKSEG_KEEP_VERSIONS is '{word}'; expected int"):
        load_settings({"BANKSEG_KEEP_VERSIONS": word}, NO_FILE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"app_port = ", "not valid TOML"),
        (b"\xff\xfe", "not valid TOML"),
        (b"app_prot = 1", r"unknown settings \['app_prot'\]; the known ones are: data_dir"),
        (b"app_port = [1]", r"BANKSEG_APP_PORT is \[1\]; expected int"),
        (b"data_dir = 3", "BANKSEG_DATA_DIR is 3; expected Path"),
    ],
)
def test_invalid_settings_file_is_explained(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "bankseg.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        load_settings({}, file)


@pytest.mark.parametrize(("text", "expected"), [("false", False), ("0", False), ("True", True)])
def test_switch_is_read_from_text(text: str, expected: bool) -> None:
    assert load_settings({"BANKSEG_RUN_BUTTON": text}, NO_FILE).run_button is expected


def test_invalid_switch_is_named_in_error() -> None:
    with pytest.raises(SettingsError, match="BANKSEG_RUN_BUTTON is 'maybe'; expected true or fal"):
        load_settings({"BANKSEG_RUN_BUTTON": "maybe"}, NO_FILE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alert_webhook", "https://chat.bank.test/hooks/abc"),
        ("smtp_password", "abc"),
    ],
)
def test_settings_file_must_not_hold_a_secret(tmp_path: Path, name: str, value: str) -> None:
    file = write(tmp_path / "bankseg.toml", f'{name} = "{value}"\n')
    with pytest.raises(SettingsError, match=f"BANKSEG_{name.upper()} in the environment") as error:
        load_settings({}, file)
    assert "abc" not in str(error.value)
    assert "abc" not in repr(Settings(alert_webhook="abc", smtp_password="abc"))
