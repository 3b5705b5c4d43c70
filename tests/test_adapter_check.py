"""``conformance adapter check``: every kind of lie is caught, and the shipped adapters pass."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest
from fakes import SCRIPT, command
from typer.testing import CliRunner

from optimizer_conformance.cli.main import app
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.adapter_check import check_adapter
from optimizer_conformance.workers.implementation_check import CheckReport, ImplementationCheck
from optimizer_conformance.workers.process import Worker, WorkerError, command_for


def wrong(behaviour: str) -> list[str]:
    """The complaints about a fake."""
    with Worker(command(behaviour)) as worker:
        return [item.message for item in check_adapter(worker).complaints]


def test_an_honest_worker_has_nothing_wrong():
    with Worker(command("honest")) as worker:
        found = check_adapter(worker)
    assert found.complaints == []
    assert found.checks > 15


# A wrong formula is not the check's affair.
@pytest.mark.parametrize("behaviour", ["outside", "doubled", "chatty"])
def test_a_formula_or_a_print_is_no_complaint(behaviour):
    assert wrong(behaviour) == []


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("refuses", "declared, and answered with"),
        ("raises", "raises ValueError"),
        ("wide_dtype", "comes back in another dtype"),
        ("changed_gradient", "changes its gradient"),
        ("unknown_state", "shows state that it does not declare: ['aura']"),
        ("forgetful", "set_state does not restore second_moment"),
        ("sharing", "sessions share something"),
        ("stubborn", "takes epsilon and ignores it"),
        ("swallows", "answered with unsupported, not an error"),
        ("boasts", "unknown hyperparameter 'wings'"),
        ("boasts", "claims folklore-rmsprop"),
        ("boasts", "a gap without a reason"),
    ],
)
def test_a_lie_is_told(behaviour, words):
    assert any(words in message for message in wrong(behaviour))


@pytest.mark.parametrize(
    "behaviour",
    [
        "crash_at_step",
        "half_frame",
        "noise",
        "junk",
        "wrong_reply",
        "old_protocol",
        "wrong_shape",
        "missing_parameter",
        "lying_bytes",
        "fewer_steps",
        "missing_gradients",
    ],
)
def test_a_broken_protocol_ends_the_check(behaviour):
    with pytest.raises(WorkerError):
        wrong(behaviour)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.adapter(name)) for name in ("numpy", "tfjs", "onnx")],
)
def test_shipped_adapters_have_nothing_wrong(name):
    with Worker(environments.locate(name).command) as worker:
        assert check_adapter(worker).complaints == []


@pytest.mark.adapter("torch")
def test_a_rule_that_draws_to_zero_and_a_mean_of_its_own_are_no_complaint():
    with Worker(environments.locate("torch").command) as worker:
        found = CheckReport(worker.hello())
        (item,) = [one for one in found.description.implementations if one.name == "torch:ASGD"]
        item = msgspec.structs.replace(item, dtypes=["float32"])
        ImplementationCheck(worker, item, found).everything()
    assert found.complaints == []
    assert found.checks > 20


class TestCommand:
    def run(self, *words):
        return CliRunner().invoke(app, ["adapter", "check", *words])

    def test_a_module_of_somebody_else(self, tmp_path):
        module = tmp_path / "mine.py"
        module.write_text("from optimizer_conformance.adapters.numpy import *\n")
        done = self.run(str(module))
        assert done.exit_code == 0, done.output
        assert "nothing wrong" in done.output

    def test_words_of_a_command_are_paths_of_this_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(SCRIPT.parent.parent)
        done = self.run("--", sys.executable, str(SCRIPT.relative_to(Path.cwd())), "honest")
        assert done.exit_code == 0, done.output

    def test_a_worker_without_implementations_is_wrong(self):
        done = self.run("--", *command("void"))
        assert done.exit_code == 1
        assert "no implementation, and `unavailable` does not say why" in done.output

    def test_more_implementations_than_anybody_has_are_refused_at_once(self):
        with pytest.raises(WorkerError, match="describes 20,000 implementations; 2,000 are"):
            wrong("floods")

    def test_names_that_steer_a_terminal_are_refused(self):
        with pytest.raises(WorkerError, match=r"calls something 'fake:\\\\x1b\[31mred'"):
            wrong("misnames")

    def test_ten_megabytes_of_escape_sequences_become_one_short_visible_line(self):
        done = self.run("--", *command("shouts"))
        assert done.exit_code == 1
        assert len(done.output) < 40_000
        assert "\x1b" not in done.output
        assert r"Loud\x1b[2J: \x1b[31maaa" in done.output

    def test_a_command_that_starts_a_liar(self):
        done = self.run("--", *command("stubborn"))
        assert done.exit_code == 1
        assert "takes epsilon and ignores it" in done.output

    def test_json(self):
        done = self.run("--json", "--", *command_for("numpy", sys.executable))
        assert json.loads(done.stdout)["complaints"] == []

    def test_a_name_that_is_nothing(self):
        done = self.run("tourch")
        assert done.exit_code
        assert "did you mean torch" in str(done.exception)
