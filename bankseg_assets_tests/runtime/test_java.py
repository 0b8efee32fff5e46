"""Selection of Java: a suitable one of the machine, else the packaged one."""

import subprocess
from pathlib import Path

import pytest

from bankseg_assets.runtime.java import JavaNotFoundError, find_java_home, java_version

pytestmark = pytest.mark.subprocess


def fake_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    return home


@pytest.mark.parametrize(
    ("shown", "version"), [("17.0.15", 17), ("21", 21), ("1.8.0_412", 1), ("25-ea", 25)]
)
def test_major_version_is_read(tmp_path: Path, shown: str, version: int) -> None:
    assert java_version(fake_java(tmp_path, shown) / "bin" / "java") == version


def test_java_version_of_broken_program_is_none(tmp_path: Path) -> None:
    assert java_version(tmp_path / "absent") is None
    broken = tmp_path / "java"
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert java_version(broken) is None
    broken.chmod(0o755)
    assert java_version(broken) is None


def test_java_version_ignores_options_of_another_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = find_java_home(tmp_path / "shim")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:+NoSuchOption")
    assert java_version(home / "bin" / "java") in (17, 21)


def test_java_home_wins_over_path(tmp_path: Path) -> None:
    named = fake_java(tmp_path / "named", "17.0.1")
    on_path = fake_java(tmp_path / "on_path", "21.0.1")
    environ = {"JAVA_HOME": str(named), "PATH": str(on_path / "bin")}
    assert find_java_home(tmp_path / "shim", environ) == named


def test_java_home_of_another_version_is_skipped(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", "11.0.2")
    fit = fake_java(tmp_path / "fit", "21.0.1")
    environ = {"JAVA_HOME": str(old), "PATH": str(fit / "bin")}
    assert find_java_home(tmp_path / "shim", environ) == fit


def test_link_on_path_is_resolved_to_java_home(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "jvm", "17.0.1")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "java").symlink_to(home / "bin" / "java")
    assert find_java_home(tmp_path / "shim", {"PATH": str(binaries)}) == home


def test_packaged_java_starts_like_spark_starts_it(
    tmp_path: Path,
) -> None:
    home = find_java_home(tmp_path / "shim", {"PATH": ""})
    assert home == tmp_path / "shim"
    assert java_version(home / "bin" / "java") == 21
    # The module that Spark's launcher names and the packaged Java lacks.
    subprocess.run(
        [home / "bin" / "java", "--add-modules=jdk.incubator.vector", "-version"],
        check=True,
        capture_output=True,
    )


def test_packaged_java_gets_each_jar_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java 21 rejects an archive of classes if the class path names a jar twice."""
    packaged = tmp_path / "packaged"
    (packaged / "bin").mkdir(parents=True)
    (packaged / "bin" / "java").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    (packaged / "bin" / "java").chmod(0o755)
    monkeypatch.setattr("bankseg_assets.runtime.java._packaged_java", lambda: packaged)
    jars = tmp_path / "a jar's folder"
    jars.mkdir()
    first, second, third = (jars / name for name in ("a.jar", "slf4j-api-2.jar", "z.jar"))
    for jar in (first, second, third):
        jar.touch()
    home = find_java_home(tmp_path / "shim", {"PATH": ""})
    command = [home / "bin" / "java", "-cp", f"{tmp_path}/conf/:{second}:{jars}/*", "Main", "*"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    class_path = f"{tmp_path}/conf/:{second}:{first}:{third}"
    assert done.stdout.splitlines() == ["-cp", class_path, "Main", "*"]


def test_missing_java_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankseg_assets.runtime.java.find_spec", lambda _: None)
    old = fake_java(tmp_path / "old", "11.0.2")
    with pytest.raises(JavaNotFoundError, match=r"old: version 11.*openjdk-17-jre-headless"):
        find_java_home(tmp_path / "shim", {"JAVA_HOME": str(old), "PATH": ""})
