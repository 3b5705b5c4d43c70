"""What a command ends with, whatever is raised."""

from __future__ import annotations

import ast
import errno
import re
import threading
from pathlib import Path

import pytest

import optimizer_conformance
from optimizer_conformance import adapters, reference, reports
from optimizer_conformance.cli import codes, listing
from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.workers.environments import EnvironmentFailure
from optimizer_conformance.workers.subject import SubjectError

# They never leave the room that raises them, or are raised in a worker or under pytest alone.
INSIDE = {
    "Unwritable",  # translate: an answer without code
    "BadTarget", "ConformanceFailure", "Late", "Misbehaviour", "MsgspecError", "OctaveError",
    "Raised", "Stopped", "UnfitColumn",
    "Unsupported",
}  # fmt: skip


@pytest.fixture
def raising(conformance, cache, monkeypatch):
    """A command whose work raises what it is given."""

    def run(error):
        def work(pattern):
            raise error

        monkeypatch.setattr(listing, "variants", work)
        return conformance("list", "variants")

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such thing"), 2),
        (SubjectError("nothing can be asked of it"), 2),
        (EnvironmentFailure("no network"), 3),
        (KeyboardInterrupt(), 3),
        (MemoryError(), 3),
        (RuntimeError("can't start new thread"), 3),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 999), 2),
        (ZeroDivisionError("division by zero"), 70),
        (RecursionError("too deep"), 70),
        (FileNotFoundError(2, "No such file"), 70),
        (ValueError("\x1b[31mred" * 10_000), 70),
    ],
)
def test_every_exception_is_one_line_and_a_code(raising, error, code):
    done = raising(error)
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "\x1b" not in line
    assert len(line) < 5000


def test_what_nobody_foresaw_leaves_its_traceback_in_a_file(raising, cache):
    done = raising(ZeroDivisionError("division by zero"))
    (log,) = (cache / "log").iterdir()
    assert f"unforeseen: ZeroDivisionError: division by zero; please report {log}" in done.stderr
    kept = log.read_text()
    assert "Traceback (most recent call last)" in kept
    assert "'list', 'variants'" in kept
    assert "raise error" in kept


def test_a_log_that_cannot_be_written_is_said_too(raising, cache):
    (cache.parent / "cache").write_text("no folder")
    done = raising(ZeroDivisionError("division by zero"))
    assert done.returncode == 70
    assert "its traceback could not be kept" in done.stderr


def test_what_ends_a_thread_ends_the_command(conformance, cache, monkeypatch):
    def work(pattern):
        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()
        return []

    monkeypatch.setattr(listing, "variants", work)
    done = conformance("list", "variants", "--json")
    assert done.returncode == 70
    assert "Traceback" not in done.stderr


def test_notes_do_not_disturb_json(conformance, cache):
    done = conformance("list", "implementations", "--json")
    assert done.returncode == 0
    assert done.stdout == "[]\n"
    assert "no environment yet" in done.stderr


@pytest.mark.parametrize(
    "words", ["run --nope", "nonsense", "merge", "run --jobs x", "env create --fresh=1"]
)
def test_a_wrong_line_is_one_line_that_names_the_help(conformance, words):
    done = conformance(*words.split())
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert line.endswith("--help` shows how")


def test_a_command_without_words_shows_its_help(conformance):
    done = conformance("env")
    assert done.returncode == 2
    assert "Usage: " in done.stdout + done.stderr
    assert "error" not in done.stderr


@pytest.mark.adapter("numpy")
@pytest.mark.parametrize("words", ["numpy:d2l.scrach", "nmpy:d2l.scratch"])
def test_a_mistyped_implementation_is_told_the_nearest(conformance, words):
    done = conformance("list", "implementations", words)
    assert done.returncode == 2
    assert "did you mean numpy:d2l.scratch" in done.stderr.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("command", "typed"), [("compare", "FOLDER@REVISION"), ("audit", "list variants`")]
)
def test_help_on_a_narrow_terminal_cuts_nothing_that_one_types(
    conformance, monkeypatch, command, typed
):
    monkeypatch.setenv("COLUMNS", "60")
    done = conformance(command, "--help")
    assert typed in done.stdout
    assert not re.search(r"\w…", done.stdout)


def classes_here():
    """Every class of the code, and the names that it is derived from."""
    folders = (optimizer_conformance, adapters, reference, reports)
    for folder in {Path(package.__file__).parent for package in folders}:
        for path in folder.rglob("*.py"):
            if "probes" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield node.name, {base.id for base in node.bases if isinstance(base, ast.Name)}


def test_every_exception_of_the_code_has_its_code():
    found = dict(classes_here())
    plain = {name for name, bases in found.items() if "Exception" in bases}
    assert plain - set(codes.FORESEEN) - INSIDE == set(), "say in cli/codes.py what it ends with"
    assert set(codes.FORESEEN) <= set(found)
