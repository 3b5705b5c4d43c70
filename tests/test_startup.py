"""What starts at once: the help and the lists wait for none of the large libraries."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from rich.text import Text

from optimizer_conformance.cli.commands import PLACES, every, first_line, loaded

LARGE = {"flint", "hypothesis", "jinja2", "numpy", "pandas", "pyarrow", "ray", "scipy", "sympy"}
ROOM = 76  # columns of a terminal of 80, inside the margins of a help page
SCRIPT = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(list(sys.modules)), file=sys.stderr))
from optimizer_conformance.cli import main
main()
"""


def imported(*words):
    """The top-level modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["list", "variants"],
        ["list", "adapters", "--json"],
    ],
    ids=" ".join,
)
def test_no_large_library_is_imported(words):
    assert imported(*words) & LARGE == set()


def test_formulas_are_worked_out_where_they_are_asked_for():
    assert "sympy" in imported("list", "variants", "codecademy*", "--formula")


def test_the_help_says_of_each_command_what_the_command_says_of_itself():
    commands = loaded().commands
    assert sorted(commands) == sorted(PLACES)
    for name, command in commands.items():
        assert first_line(PLACES[name]) == command.help.partition("\n\n")[0], name


def test_a_mistyped_command_is_told_with_a_suggestion(conformance):
    done = conformance("aduit", "x.py:X")
    assert done.returncode == 2
    assert "'audit'" in done.stderr


def examples():
    """Each example of each help page, as Rich prints it."""
    for name, command in every(loaded()):
        _, _, text = command.help.partition("Examples[/]")
        for line in filter(None, map(str.strip, text.splitlines())):
            yield name, line


def test_no_example_of_a_help_page_is_broken_by_a_terminal_of_80_columns():
    for name, line in examples():
        assert len(Text.from_markup(line).plain) <= ROOM, (name, line)


def test_no_example_of_a_help_page_loses_what_stands_in_brackets():
    for name, line in examples():
        assert Text.from_markup(line).plain == line.replace("\\[", "["), name


def test_every_command_that_prints_an_answer_writes_it_where_out_says():
    for name, command in every(loaded()):
        names = {option for param in command.params for option in param.opts}
        assert "--json" not in names or "--out" in names, name


@pytest.mark.parametrize("words", [["list", "variants", "torch-adam"], ["doctor", "numpy"]])
def test_what_would_be_printed_is_written(conformance, tmp_path, words):
    there = tmp_path / "answer.json"
    said = conformance(*words, "--json", "--out", str(there))
    assert (said.returncode, said.stdout) == (0, ""), said.stderr
    assert json.loads(there.read_text(encoding="utf-8"))
    failed = conformance(*words, "--json", "--out", str(tmp_path / "no" / "where"))
    assert failed.returncode == 2
    assert "cannot be written" in failed.stderr
