"""Remote copies are atomic, transferred once, and verified before readers see them.

Tested on a folder, like a mounted disk or HDFS, and on S3 simulated by moto. Google's and Azure's
storage and HDFS are accessed by the same library, and were not tested.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bankseg_assets.release.remote_copy import ARRIVING, MirrorError, export, fetch
from bankseg_assets.scoring.published_model import newest_first, read_model
from bankseg_assets.storage.version_store import RECORD_FILE, DamagedVersionError, VersionStore
from bankseg_assets_tests.app.publishing import publish
from ops.launch.processes import ProcessTree
from tools.cluster.waiting import HOST, free_port, listens, wait_for

TABLES = {"segment_profiles": [{"segment": 0, "name": "Small spenders"}]}
BUCKET = "bank"

Storage = Callable[[str], str]
"""Name -> a URL where nothing is yet."""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of an S3 server with one bucket."""
    pytest.importorskip("moto", reason="moto's S3 server is not installed: make dev")
    from pyarrow import fs

    port = free_port()
    with ProcessTree() as processes:
        command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
        log = tmp_path_factory.mktemp("moto") / "moto.log"
        wait_for(
            processes.start("moto", command, environ=os.environ, log=log), lambda: listens(port)
        )
        fs.S3FileSystem(
            access_key="test",
            secret_key="test",
            endpoint_override=f"{HOST}:{port}",
            scheme="http",
            region="eu-central-1",
            allow_bucket_creation=True,
        ).create_dir(BUCKET)
        yield str(port)


@pytest.fixture(params=["folder", "s3"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Storage:
    if request.param == "folder":
        return lambda name: (tmp_path / "there" / name).as_uri()
    port = request.getfixturevalue("s3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    options = f"endpoint_override={HOST}:{port}&scheme=http&region=eu-central-1"
    return lambda name: f"s3a://{BUCKET}/{tmp_path.name}/{name}?{options}"


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """The published folder of a platform with a release."""
    publish(tmp_path / "bank", TABLES)
    return tmp_path / "bank" / "published"


@pytest.fixture
def branch(tmp_path: Path) -> VersionStore:
    """The published folder of a machine that only serves."""
    return VersionStore(tmp_path / "branch" / "published")


def contents(published_dir: Path) -> dict[str, bytes]:
    return {
        path.relative_to(published_dir).as_posix(): path.read_bytes()
        for path in sorted(published_dir.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.mark.slow
def test_fetched_release_is_identical_and_scores(
    storage: Storage, bank: Path, branch: VersionStore
) -> None:
    sent = export(bank, storage("a"))
    came = fetch(storage("a"), branch)
    assert contents(branch.folder) == contents(bank)
    assert (sent.versions, sent.n_bytes) == (3, sum(map(len, contents(bank).values())))
    assert (came.release, came.versions) == (sent.release, 3)
    (release,) = newest_first(branch.folder)
    assert read_model(release).sha256 == release.model_sha256
    assert not (branch.folder / ARRIVING).exists()


@pytest.mark.slow
def test_existing_versions_are_not_copied_again(
    storage: Storage, bank: Path, branch: VersionStore
) -> None:
    export(bank, storage("a"))
    fetch(storage("a"), branch)
    assert export(bank, storage("a")).versions == fetch(storage("a"), branch).versions == 0
    publish(bank.parent, TABLES, version="second")
    assert export(bank, storage("a")).versions == fetch(storage("a"), branch).versions == 3
    assert len(newest_first(branch.folder)) == 2


def test_classifier_alone_is_enough_to_score(
    storage: Storage, bank: Path, branch: VersionStore
) -> None:
    assert export(bank, storage("a"), only=["nb_classifier"]).versions == 2
    assert fetch(storage("a"), branch).versions == 2
    (release,) = newest_first(branch.folder)
    assert read_model(release)
    assert not (branch.folder / "segment_profiles").exists()


def test_unknown_asset_is_named_with_known_ones(storage: Storage, bank: Path) -> None:
    with pytest.raises(MirrorError, match=r"no \['model'\]; it has \['nb_classifier', 'segment"):
        export(bank, storage("a"), only=["model"])


@pytest.mark.parametrize("last_record", ["segment_profiles", "nb_classifier", ""])
def test_interrupted_copy_is_resumed(
    bank: Path, branch: VersionStore, tmp_path: Path, last_record: str
) -> None:
    there = tmp_path / "there"
    export(bank, there.as_uri())
    # The state after a kill: the release's record and the last versions are missing.
    assets = ["release", "segment_profiles", "nb_classifier", ""]
    for asset in assets[: assets.index(last_record)]:
        next(there.glob(f"{asset}/*/{RECORD_FILE}")).unlink()
    with pytest.raises(MirrorError, match="no release at this URL"):
        fetch(there.as_uri(), branch)
    export(bank, there.as_uri())
    fetch(there.as_uri(), branch)
    assert contents(branch.folder) == contents(bank)


def test_fetch_detects_changed_content(bank: Path, branch: VersionStore, tmp_path: Path) -> None:
    there = tmp_path / "there"
    export(bank, there.as_uri())
    model = next(there.glob("nb_classifier/*/model.json"))
    model.write_bytes(model.read_bytes().replace(b"Small", b"small"))
    with pytest.raises(DamagedVersionError, match=r"model.json is damaged"):
        fetch(there.as_uri(), branch)
    assert newest_first(branch.folder) == []
    assert not list(branch.folder.glob("nb_classifier/*"))


def test_damaged_release_is_not_sent(bank: Path, tmp_path: Path) -> None:
    next(bank.glob("segment_profiles/*/*.parquet")).write_bytes(b"")
    with pytest.raises(DamagedVersionError, match="0 bytes"):
        export(bank, (tmp_path / "there").as_uri())
    assert not (tmp_path / "there" / "release").exists()


@pytest.mark.parametrize("field", ["versions", "files"])
def test_path_outside_folder_is_refused(
    bank: Path, branch: VersionStore, tmp_path: Path, field: str
) -> None:
    there = tmp_path / "there"
    export(bank, there.as_uri())
    name = newest_first(bank)[0].name
    document = next(
        there.glob(f"release/{name}/{'model.json' if field == 'versions' else RECORD_FILE}")
    )
    content = json.loads(document.read_text("utf-8"))
    content[field] = {"../../outside": content[field].popitem()[1]}
    document.write_text(json.dumps(content), "utf-8")
    with pytest.raises(MirrorError, match="not a valid file name in a version"):
        fetch(there.as_uri(), branch)
    assert not list(tmp_path.rglob("outside"))


def test_platform_that_computes_releases_fetches_none(bank: Path, tmp_path: Path) -> None:
    export(bank, (tmp_path / "there").as_uri())
    with pytest.raises(MirrorError, match="already has its own releases"):
        fetch((tmp_path / "there").as_uri(), VersionStore(bank))


def test_export_without_release_raises(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="no release to copy"):
        export(tmp_path, (tmp_path / "there").as_uri())


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hidden@bucket/x",
        "s3://bucket/x?secret_key=hidden",
        "abfs://box@bank.dfs.core.windows.net/x?sig=hidden",
    ],
)
def test_secret_in_url_is_refused_and_not_repeated(bank: Path, url: str) -> None:
    with pytest.raises(MirrorError, match="contains a secret") as refused:
        export(bank, url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("url", ["ftp://host/x", "nowhere"])
def test_invalid_url_is_refused(bank: Path, url: str) -> None:
    with pytest.raises(MirrorError, match="cannot be used as a target"):
        export(bank, url)
