"""Makings of environments that are killed: ``python tests/makings.py [--kills 30] [--seed 0]``.

An environment of the numpy adapter is made by venv and pip, from wheels that were downloaded once,
in a cache of its own.  At a random moment the driver, or what installs, is killed with -9.  The
making is repeated at once, before what was left of the killed one is looked for; a quarter of the
repeated ones is let alone to the end.  What has an environment's name is always whole, and its
worker answers; nothing that installs lives on.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter

import psutil

from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import Worker

MAKE = "from optimizer_conformance.workers.environments import create; create('numpy')"
LONGEST = 300.0  # seconds for one making
VICTIMS = ("driver", "venv", "ensurepip", "pip", "worker")
LET_ALONE = 0.25  # of the makings that are repeated after a kill


class Unsound(Exception):  # noqa: N818 - named for the situation
    """Something half made was taken for an environment, or went on."""


def descendants(driver: subprocess.Popen[str]) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(driver.pid).children(recursive=True)
    return []


def making() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", MAKE], stderr=subprocess.PIPE, text=True)


def sound() -> None:
    """No environment that is called current has lost anything.  Raises Unsound."""
    for found in environments.existing():
        if found.state not in ("current", "unfinished"):
            raise Unsound(f"{found.folder.name} is {found.state}: {found.detail}")


def killed(dice: random.Random, seconds: float, tally: Counter[str]) -> list[psutil.Process]:
    """One making of some ``seconds``, and one kill somewhere in it; what it had started."""
    with making() as driver:
        moment = time.monotonic() + dice.uniform(0.0, seconds)
        while time.monotonic() < moment and driver.poll() is None:
            time.sleep(0.02)
        below = descendants(driver)
        if driver.poll() is not None:
            tally["too late"] += 1
            remove()
        elif below and dice.random() < 0.6:
            tally[felled(dice.choice(below))] += 1
            _, said = driver.communicate(timeout=LONGEST)
            if driver.returncode and "EnvironmentFailure" not in said:
                raise Unsound(f"it ended with {driver.returncode}: {said[-300:]}")
        else:
            driver.kill()
            driver.wait()
            tally["driver"] += 1
    return below


def felled(process: psutil.Process) -> str:
    """Kill what installs; which part of it that was, or that it had just ended."""
    try:
        words = process.cmdline()
        process.kill()
    except psutil.NoSuchProcess:
        return "too late"
    return next((name for name in ("ensurepip", "venv", "pip") if name in words), "worker")


def remove() -> None:
    """So that the next one has something to make."""
    for found in environments.existing():
        environments.remove(found.folder)


def whole() -> float:
    """Made to its end it is current, and its worker answers; the seconds.  Raises Unsound."""
    start = time.monotonic()
    made = environments.create("numpy")
    seconds = time.monotonic() - start
    states = {item.folder: item.state for item in environments.existing()}
    # What was started by what was killed itself may have gone on for a moment, where nobody looks.
    if states.pop(made.folder, "") != "current" or set(states.values()) - {"unfinished"}:
        raise Unsound(f"in the end: {states}")
    with Worker(made.command) as worker:
        worker.hello()
    return seconds


def downloaded(folder: str) -> None:
    """The wheels that are installed, so that makings ask no index."""
    pins = str(environments.ADAPTERS["numpy"].requirements)
    words = ["download", "--quiet", "--disable-pip-version-check", "--dest", folder]
    subprocess.run([sys.executable, "-m", "pip", *words, "-r", pins], check=True)
    os.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": folder}


def campaign(kills: int, seed: int) -> Counter[str]:
    """So many kills; now and then the making that repeats a killed one is left alone."""
    dice, tally = random.Random(seed), Counter[str]()
    with (
        tempfile.TemporaryDirectory(prefix="makings-") as cache,
        tempfile.TemporaryDirectory(prefix="wheels-") as wheels,
    ):
        os.environ["CONFORMANCE_CACHE"] = cache
        downloaded(wheels)
        seconds = whole()
        remove()
        while sum(map(tally.__getitem__, VICTIMS)) < kills:
            below = killed(dice, seconds, tally)
            sound()
            if dice.random() < LET_ALONE:
                whole()
                remove()
                tally["whole"] += 1
            if psutil.wait_procs(below, timeout=30)[1]:
                raise Unsound("what installs goes on")
        whole()
        tally["whole"] += 1
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found = campaign(given.kills, given.seed)
    parts = ", ".join(f"{found[name]} of {name}" for name in VICTIMS if found[name])
    print(
        f"{sum(map(found.__getitem__, VICTIMS))} killed makings of an environment ({parts}): "
        f"nothing half made was current, nothing went on; {found['whole']} repeated at once and "
        "made to the end: all whole, and their workers answer",
        flush=True,
    )


if __name__ == "__main__":
    main()
