"""What happens inside the folder of an environment while it is made, and whether it is whole.

An environment is made in a folder of another name and moved to its own when its worker has said
hello.  What installs dies with this process where the system allows it; where it goes on, it goes
on in a folder that nobody asks for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.sandbox import ending_with_this, without_python

if TYPE_CHECKING:
    from optimizer_conformance.workers.environments import Environment

MARKER = "complete.json"
PART = ".part-"  # and the process that makes it, after the environment's own name
SHELL = 1 << 16  # bytes; a script of bin/ that is larger is a program


class EnvironmentFailure(Exception):  # noqa: N818 - named for the situation
    """An environment could not be made; the message holds pip's own last words."""


def make(environment: Environment) -> None:
    """Install everything, hear its worker, write the marker and move the folder to its place."""
    part = environment.folder.with_name(f"{environment.folder.name}{PART}{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    made = replace(environment, folder=part)
    try:
        packages = build(made)
        greet(made)
        about = {"packages": packages, "interpreter": environment.interpreter}
        (part / MARKER).write_text(json.dumps(about, indent=1))
        move(part, environment.folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def greet(environment: Environment) -> None:
    """Start its worker, which imports its framework.  Raises EnvironmentFailure."""
    try:
        with Worker(environment.command) as worker:
            worker.hello()
    except WorkerError as error:
        raise EnvironmentFailure(
            f"{environment.name}: everything is installed, and its worker does not start: {error}"
        ) from error


def move(part: Path, folder: Path) -> None:
    """Give a finished folder its name; what stood there goes, and its scripts know the new one."""
    for script in (part / "bin").glob("*"):
        if script.is_file() and not script.is_symlink() and script.stat().st_size < SHELL:
            content = script.read_bytes()
            script.write_bytes(content.replace(os.fsencode(part), os.fsencode(folder)))
    discard(folder)
    part.rename(folder)


def discard(folder: Path) -> None:
    """Delete a folder; killed midway, what is left has the name of an unfinished one."""
    if folder.is_dir():
        doomed = folder.with_name(f"{folder.name.partition(PART)[0]}{PART}{os.getpid()}-old")
        folder.rename(doomed)
        shutil.rmtree(doomed)


def unfinished(folder: Path) -> list[Path]:
    """What makings of one environment have left that came to no end."""
    return sorted(folder.parent.glob(f"{folder.name}{PART}*"))


def build(environment: Environment) -> dict[str, str]:
    """Everything that is to be installed; what was."""
    return (build_foreign if environment.enrolment.manifest else build_python)(environment)


def build_python(environment: Environment) -> dict[str, str]:
    """venv and pip install; every distribution and its version."""
    recipe = environment.recipe
    python = recipe.python if recipe else sys.executable
    run([str(python), "-m", "venv", str(environment.folder)], environment)
    pip = [str(environment.python), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet"]
    if before := environment.enrolment.build_requirements:
        run([*install, "-r", str(before)], environment)
        install.append("--no-build-isolation")
    wanted = recipe.pins if recipe else ("-r", str(environment.enrolment.requirements))
    run([*install, *wanted], environment)
    if alone := recipe.alone if recipe else environment.enrolment.lone_pins:
        run([*install, "--no-deps", *alone], environment)
    listing = json.loads(run([*pip, "list", "--format=json"], environment))
    return {item["name"]: item["version"] for item in listing}


def build_foreign(environment: Environment) -> dict[str, str]:
    """The manifest's files and commands; what it pins."""
    enrolment, folder = environment.enrolment, environment.folder
    assert enrolment.manifest is not None
    folder.mkdir(parents=True)
    for path in enrolment.sources:
        shutil.copy(path, folder)
    for command in enrolment.manifest.install:
        run(environment.filled(command), environment, folder)
    return dict(pin.split("==", 1) for pin in enrolment.pins)


def run(command: list[str], environment: Environment, folder: Path | None = None) -> str:
    """Run one command of the making of an environment, in ``folder``; its output."""
    done = subprocess.run(
        ending_with_this(command),
        capture_output=True,
        text=True,
        env=without_python(),
        check=False,
        cwd=folder,
    )
    if done.returncode:
        raise EnvironmentFailure(
            f"{environment.name}: {' '.join(command[1:4])} failed: "
            f"{last_words(done.stderr + done.stdout)}"
        )
    return done.stdout


def last_words(output: str) -> str:
    """Why a command failed, of all that it said: its last line, without where to find help."""
    words = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in words if "for help visit" not in line]
    return (telling or words or ["it said nothing"])[-1]


def damage(environment: Environment) -> str:
    """What an environment of Python has lost since it was made, or empty.

    Every file that a distribution lists has to be there.
    """
    if environment.enrolment.manifest or environment.bare:
        return ""
    if not environment.python.exists():
        return f"its interpreter {os.path.realpath(environment.python)} is gone"
    places = [str(path) for path in environment.folder.glob("lib/python*/site-packages")]
    found = {key(item.name): item for item in distributions(path=places)}
    for name in environment.packages:
        if key(name) not in found:
            return f"{name} is gone"
        if lost := lost_file(found[key(name)]):
            return f"{lost} of {name} is gone"
    return ""


def lost_file(distribution: Distribution) -> str:
    """The first of its files that is not there; compiled ones are made again by Python.

    What has no RECORD lists the files that it was built of, and they lie nowhere.
    """
    recorded = distribution.read_text("RECORD") is not None
    for path in (distribution.files or ()) if recorded else ():
        if path.suffix != ".pyc" and not os.path.exists(str(distribution.locate_file(path))):
            return str(path)
    return ""


def key(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return name.lower().replace("_", "-").replace(".", "-")
