"""Every command of the pages is run, in order, on a platform with a release.

The platform is built once; each page begins with a copy of its data.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
import yaml

from bankseg_assets.definitions import defs
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets.storage.version_store import VersionStore, version_record
from bankseg_assets_tests.docs.clone import API_PORT, PORTS, Clone, make_clone
from bankseg_assets_tests.docs.in_process import COMMANDS, run_command
from bankseg_assets_tests.docs.pages import PAGES, Block, blocks, name_of, words
from ops.demo.transactions import write_demo_transactions

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

WITH_COMMANDS = [page for page in PAGES if any(block.is_shell for block in blocks(page))]
START, API = "docs/start.md", "127.0.0.1:8600"
LARGE, SMALL = "transactions-2016-10.csv", "transactions-2016-11.csv"
ROWS = {LARGE: 4_000, SMALL: 400}
CUSTOMERS = "customer_id,frequency,monetary\nC1,2,5000\nC2,1,150\n"

NOT_RUN = {
    "docker": "needs Docker; test_compose.py checks its files",
    "kubectl": "needs Kubernetes; test_kubernetes.py checks its files",
    "helm": "needs Kubernetes; test_kubernetes.py checks its values",
    "htpasswd": "belongs to Apache, and may be missing",
    "openssl": "prepares only Docker's settings",
    "git": "needs a remote repository",
    "make env": "installs packages; test_install.py and test_makefile.py test it",
    "make dev": "installs packages, as make env does",
    "make lock": "asks a package index",
    "make lint": "takes a minute, and is half of make test",
    "make test": "would run tests within a test, as would make test-fast",
    "./bankseg dg dev": "serves until Ctrl-C, as make run, which is tested",
    "./bankseg approve": "needs a candidate; test_approve.py runs it",
    "./bankseg decline": "needs a candidate, as approve does",
    "./bankseg serve-api": "serves until Ctrl-C; it is started for pages that send requests",
}
"""Beginning of a command -> why test_commands.py alone checks it."""
BUILDS = "make materialize REFIT=1"
RUN_ON = {
    "make run": START,
    "make materialize": "docs/how-to/your-bank-in-ten-minutes.md",
    BUILDS: "the fixture `clone`",
}
"""Command -> the one place where it is run, because it takes some ten seconds."""
FOLDERS = {"deploy/README.md": "deploy"}
"""Page -> the folder that its commands are run in, if that is not the project's."""
EXIT_CODES = {"./bankseg contract suggest ~/my-bank/retail_transactions.csv": 3}
"""Command -> its exit code, if that is not 0; the page says what it means."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, spark_resource: SparkResource) -> Clone:
    """A platform with a release of two deliveries, of which some rows are quarantined."""
    made = make_clone(tmp_path_factory.mktemp("docs"))
    made.settings.landing_dir.mkdir(parents=True)
    for seed, (name, rows) in enumerate(ROWS.items()):
        path = made.settings.landing_dir / name
        write_demo_transactions(path, rows=rows, seed=seed)
        # IDs of a bank's own; those of the two files must differ.
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^DT(\d+),DC", rf"T{seed}\1,C", text, flags=re.MULTILINE)
        if name == LARGE:
            header, second, rest = text.split("\n", 2)
            text = "\n".join([header, second, "T900,too,few", rest])
        path.write_text(text, encoding="utf-8")
        path.with_name(f"{name}.done").touch()
    run_command(BUILDS, made, spark_resource)
    # A second release, for pages that go back to the previous one.
    store = VersionStore(made.settings.published_dir)
    first = store.latest("release")
    with store.draft("release", str(uuid4()), version_record(first).inputs) as draft:
        shutil.copy(first / DOCUMENT_FILE, draft.path)
    shutil.copytree(made.settings.data_dir, made.home / "data")
    return made


@pytest.fixture
def fresh(clone: Clone) -> Clone:
    """The same platform, without what another page has left."""
    for path in clone.folder.glob("data*"):
        shutil.rmtree(path)
    shutil.copytree(clone.home / "data", clone.settings.data_dir)
    (clone.home / "exports").unlink(missing_ok=True)
    return clone


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_commands_of_a_page_succeed(
    page: Path, fresh: Clone, spark_resource: SparkResource
) -> None:
    name = name_of(page)
    write_files(fresh, blocks(page))
    meant = substitutions(fresh)
    with ExitStack() as stack:
        if API in page.read_text(encoding="utf-8") and name not in (START, "README.md"):
            serve = f"./bankseg serve-api --port {fresh.ports[API_PORT]}"
            stack.enter_context(fresh.serving(serve, [API_PORT]))
        for block in filter(lambda block: block.is_shell, blocks(page)):
            printed = ""
            for command in filter(is_run, block.commands):
                if RUN_ON.get(command, name) != name:
                    continue
                if command == "make run":
                    stack.enter_context(fresh.serving(command, PORTS))
                elif any(one in command for one in COMMANDS):
                    run_command(command, fresh, spark_resource)
                else:
                    printed += run(command, block, fresh, meant)
            check_output(block, printed)


def test_commands_that_are_not_run_occur() -> None:
    found = [
        command for page in WITH_COMMANDS for block in blocks(page) for command in block.commands
    ]
    for listed in (*NOT_RUN, *RUN_ON, *EXIT_CODES):
        assert any(listed in command for command in found), listed


def test_run_configurations_of_pages_are_valid() -> None:
    job = defs.resolve_job_def("refit")
    found = [block for page in PAGES for block in blocks(page) if block.language == "yaml"]
    assert found
    for block in found:
        assert dg.validate_run_config(job, yaml.safe_load(block.text)), block.place


def is_run(command: str) -> bool:
    """Return whether a command is run, with all of its parts."""
    calls = [" ".join(call) for call in words(command)]
    return not any(start in call for call in calls for start in NOT_RUN)


def run(command: str, block: Block, clone: Clone, meant: Mapping[str, str]) -> str:
    """Run a command as a reader would; return what it prints."""
    for written, here in meant.items():
        command = command.replace(written, here)
    done = clone.run(command, FOLDERS.get(block.page, "."))
    said = f"{block.place}: {command}\n{done.stdout}{done.stderr}"
    assert done.returncode == EXIT_CODES.get(command, 0), said
    return done.stdout + done.stderr


def substitutions(clone: Clone) -> Mapping[str, str]:
    """Return what pages name -> what stands for it here."""
    landed = clone.settings.landing_dir
    first, second = known_customers(landed / LARGE)
    return {
        "C5841053": first,
        "C2142763": second,
        "3f0c1d2e": sha256_of(landed / SMALL)[:8],
        "s3://bucket/bankseg": f"file://{clone.home}/bucket",
        "./bankseg fetch": f"BANKSEG_DATA_DIR={clone.home}/serving ./bankseg fetch",
        API: f"127.0.0.1:{clone.ports[API_PORT]}",
    }


def known_customers(file: Path) -> tuple[str, str]:
    """Return the first two customers of a file."""
    _, first, _, second, *_ = file.read_text("utf-8").splitlines()
    return first.split(",")[1], second.split(",")[1]


def write_files(clone: Clone, found: Sequence[Block]) -> None:
    """Write the files that pages suppose a reader to have."""
    landed = clone.settings.landing_dir
    shutil.copy(landed / SMALL, clone.home / SMALL)
    shutil.copy(landed / SMALL, clone.folder / "transactions.csv")
    _, second = known_customers(landed / LARGE)
    (clone.folder / "ids.txt").write_text(f"{second}\n", encoding="utf-8")
    (clone.folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    configurations = [block.text for block in found if block.language == "yaml"]
    if configurations:
        (clone.folder / "six-segments.yaml").write_text(configurations[0], encoding="utf-8")


def check_output(block: Block, printed: str) -> None:
    """Compare what a page shows below its commands with what they printed, except numbers."""
    lines = {without_numbers(line) for line in printed.splitlines()}
    missing = [line for line in block.output.splitlines() if without_numbers(line) not in lines]
    assert missing == [], f"{block.place} does not print this:\n{printed}"


def without_numbers(line: str) -> str:
    """Return a line with a sign in place of each number."""
    return re.sub(r"\d[\d,.]*\d|\d", "#", line.strip())
