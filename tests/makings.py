"""Makings of environments that are killed: ``python tests/makings.py [--kills 60] [--seed 0]``.

An environment of the numpy adapter is made by venv and pip in a cache of its own.  At a random
moment the driver, or what installs, is killed with -9, and the making is repeated at once.  What
has an environment's name is always whole; nothing that installs lives on.
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

MAKE = "from optimizer_conformance.workers.environments import create; create('numpy')"
LONGEST = 300.0  # seconds for one making


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


def killed(dice: random.Random, tally: Counter[str]) -> None:
    """One making, and one kill somewhere in it."""
    with making() as driver:
        moment = time.monotonic() + dice.uniform(0.5, 12.0)
        while time.monotonic() < moment and driver.poll() is None:
            time.sleep(0.02)
        below = descendants(driver)
        if driver.poll() is not None:
            tally["too late"] += 1
            remove()
        elif below and dice.random() < 0.6:
            dice.choice(below).kill()
            _, said = driver.communicate(timeout=LONGEST)
            tally["what installs"] += 1
            if driver.returncode and "EnvironmentFailure" not in said:
                raise Unsound(f"it ended with {driver.returncode}: {said[-300:]}")
        else:
            driver.kill()
            driver.wait()
            tally["driver"] += 1
        if psutil.wait_procs(below, timeout=30)[1]:
            raise Unsound("what installs goes on")
    sound()


def remove() -> None:
    """So that the next one has something to make."""
    for found in environments.existing():
        environments.remove(found.folder)


def whole() -> None:
    """Made to its end, it can be used.  Raises Unsound."""
    made = environments.create("numpy")
    states = {item.folder: item.state for item in environments.existing()}
    if states != {made.folder: "current"}:
        raise Unsound(f"in the end: {states}")
    subprocess.run([str(made.python), "-c", "import numpy"], check=True)


def campaign(kills: int, seed: int) -> Counter[str]:
    """So many kills; now and then a making is left alone."""
    dice, tally = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="makings-") as cache:
        os.environ["CONFORMANCE_CACHE"] = cache
        while tally["driver"] + tally["what installs"] < kills:
            killed(dice, tally)
            if dice.random() < 0.1:
                whole()
                remove()
                tally["whole"] += 1
        whole()
        tally["whole"] += 1
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found = campaign(given.kills, given.seed)
    print(
        f"{found['driver'] + found['what installs']} killed makings of an environment "
        f"({found['driver']} drivers, {found['what installs']} of what installs): nothing half "
        f"made was current, nothing went on; {found['whole']} made to the end, all whole",
        flush=True,
    )


if __name__ == "__main__":
    main()
