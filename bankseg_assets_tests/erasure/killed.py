"""Kill an erasure (SIGKILL) before one of its steps, repeat it, and compare with a whole one."""

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from bankseg_assets.erasure.forget import forget
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import replace_json
from bankseg_assets_tests.erasure.bank import CANARY, CONTRACT, Bank, bank
from bankseg_assets_tests.erasure.test_forget import assert_sound, tables, traces

KILLED = -signal.SIGKILL
# Its children start without the imports, and without the threads of a process that runs tests.
_processes = get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def seeded_bank(folder: Path, seed: int) -> Bank:
    """Return a bank whose files have the customer in other places and numbers for each seed."""
    found, rng = bank(folder), random.Random(seed)
    for number, suffix in enumerate(("csv", "csv.gz", "parquet")):
        customers = [f"S{rng.randint(1, 99)}" for _ in range(rng.randint(1, 30))]
        for _ in range(rng.randint(0, 3)):
            customers.insert(rng.randint(0, len(customers)), CANARY)
        found.deliver(f"seeded_{number}.{suffix}", *customers)
    found.take()
    found.publish()
    (found.settings.data_dir / "lists").mkdir()
    (found.settings.data_dir / "lists" / "list.csv").write_text(f"C1\n{CANARY}\n", "utf-8")
    replace_json(found.settings.alerts_dir / "failure-1.json", {"why": CANARY})
    return found


def steps_of(found: Bank) -> list[str]:
    """Erase the customer; return the names of the steps."""
    names: list[str] = []
    forget(found.settings, CONTRACT, [CANARY], step=names.append)
    return names


def kill_and_repeat(found: Bank, copy: Path, places: list[int], whole: list[object]) -> str:
    """Kill erasures of a copy of a bank before these steps, then erase; return what differs."""
    shutil.copytree(found.settings.data_dir, copy / "data", copy_function=_linked_once())
    platform = Bank(Settings(data_dir=copy / "data"))
    for place in places:
        child = _processes.Process(target=_erase_until, args=(platform.settings.data_dir, place))
        # A child runs the main module again; tests of the app leave one of its pages there.
        with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
            child.start()
        child.join()
        if child.exitcode not in (KILLED, 0):  # a repeated erasure has fewer steps
            return f"the erasure ended with {child.exitcode}"
    forget(platform.settings, CONTRACT, [CANARY])
    if left := traces(platform.settings.data_dir):
        return f"left in {left}"
    assert_sound(platform)
    difference = "" if tables(platform) == whole else "other tables or originals"
    shutil.rmtree(copy)
    return difference


def differences(folder: Path, seed: int, *, every: int = 0) -> Iterator[tuple[str, str]]:
    """Yield step -> what differs after a kill before it; with a second kill of the repetition.

    Kills once before each kind of step, and before each `every`-th step, from that of the seed on:
    as many seeds kill before each step.
    """
    found = seeded_bank(folder / "bank", seed)
    erased = seeded_bank(folder / "whole", seed)
    names, rng = steps_of(erased), random.Random(seed)
    whole = tables(erased)
    kinds = {name.split()[0]: place for place, name in enumerate(names)}
    others = range(seed % every, len(names), every) if every else ()
    for place in sorted({*kinds.values(), *others}):
        again = [rng.randrange(len(names))] if place % 2 else []
        yield (
            names[place],
            kill_and_repeat(found, folder / f"killed-{place}", [place, *again], whole),
        )


def _erase_until(data_dir: Path, place: int) -> None:
    number = count()

    def step(_: str) -> None:
        if next(number) == place:
            os.kill(os.getpid(), signal.SIGKILL)

    forget(Settings(data_dir=data_dir), CONTRACT, [CANARY], step=step)


def _linked_once() -> Callable[[str, str], str]:
    """Return a function that copies files, and links those that are linked at their source."""
    copies: dict[tuple[int, int], str] = {}

    def copy(source: str, target: str) -> str:
        status = Path(source).stat()
        inode = (status.st_dev, status.st_ino)
        if inode in copies:
            os.link(copies[inode], target)
        else:
            copies[inode] = shutil.copy2(source, target)
        return target

    return copy
