"""What pipelines take from this repository: the action, the template, the hook, the command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from optimizer_conformance.questions.compare.overlay import site_packages
from optimizer_conformance.questions.compare.page import MARK, MOST
from optimizer_conformance.workers import environments

TOP = Path(__file__).parent.parent


def load(name):
    return yaml.safe_load((TOP / name).read_text(encoding="utf-8"))


@pytest.fixture
def tool(tmp_path):
    """A folder with the command, as installing the package would make it."""
    folder = tmp_path / "conformance" / "bin"
    folder.mkdir(parents=True)
    command = folder / "conformance"
    script = "from optimizer_conformance.cli import main; main()"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -c "{script}" "$@"\n')
    command.chmod(0o755)
    return folder


@pytest.fixture
def runner(tmp_path):
    """Run a step's text as the runner does: how it ended, and the files that it filled."""

    def run(text, **variables):
        for name in ("summary", "output"):
            (tmp_path / name).touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(TOP),
                "RUNNER_TEMP": str(tmp_path),
                "GITHUB_ACTIONS": "true",
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                **variables,
            },
        )
        return done, (tmp_path / "summary").read_text(), (tmp_path / "output").read_text()

    return run


@pytest.fixture
def run_step(runner, ready):
    """The same where the numpy adapter alone has an environment."""
    return runner


class TestAction:
    def test_its_steps_use_inputs_that_it_has(self):
        action = load("action.yml")
        text = (TOP / "action.yml").read_text()
        assert set(re.findall(r"inputs\.([a-z_]+)", text)) == set(action["inputs"])
        assert action["runs"]["using"] == "composite"
        for step in action["runs"]["steps"]:
            assert "uses" in step or step["shell"] == "bash"
            # What a user gives is data, and never a part of a script.
            assert "${{" not in step.get("run", "")

    def test_its_outputs_are_those_of_a_step(self):
        action = load("action.yml")
        steps = {step.get("id") for step in action["runs"]["steps"]}
        for output in action["outputs"].values():
            assert re.search(r"steps\.(\w+)\.", output["value"])[1] in steps

    def gate(self):
        (step,) = [step for step in load("action.yml")["runs"]["steps"] if step.get("id") == "gate"]
        return step

    def test_the_gate_passes_and_leaves_every_report(self, run_step, tool, tmp_path):
        assert set(self.gate()["env"]) == {"ADAPTERS", "PROFILE", "EXPECTATIONS", "PAGE"}
        done, summary, output = run_step(
            self.gate()["run"],
            ADAPTERS="numpy",
            PROFILE="quick",
            EXPECTATIONS="",
            PAGE="https://example.org/report",
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert "As expected." in summary
        assert output == "exit-code=0\nfolder=conformance-report\n"
        folder = tmp_path / "conformance-report"
        assert json.loads((folder / "conformance.sarif").read_text())["version"] == "2.1.0"
        assert json.loads((folder / "conformance.badge.json").read_text())["schemaVersion"] == 1
        assert ElementTree.parse(folder / "conformance.junit.xml").getroot().tag == "testsuites"
        assert (folder / "site" / "index.html").is_file()
        junit = (folder / "conformance.junit.xml").read_text(encoding="utf-8")
        assert "https://example.org/report/index.html#/implementation/numpy" in junit
        word = re.search(r"^::stop-commands::([0-9a-f]{32})$", done.stdout, re.MULTILINE)[1]
        assert f"\n::{word}::\n" in done.stdout

    def test_the_gate_fails_and_says_why_beside_the_file(
        self, conformance, ready, tmp_path, monkeypatch
    ):
        folder = Path("my expectations")
        folder.mkdir()
        (folder / "numpy.toml").write_text(
            '[[expectation]]\nid = "gone"\nimplementation = "numpy:*"\nverdict = "deviates"\n'
            'reason = "r"\nlink = "https://example.org"\nreviewed = "2026-11-20"\n'
        )
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        for name in ("OUTPUT", "STEP_SUMMARY"):
            monkeypatch.setenv(f"GITHUB_{name}", str(tmp_path / name))
        done = conformance("ci", "--adapter", "numpy", "--expectations", str(folder))
        assert done.returncode == 1
        assert (tmp_path / "OUTPUT").read_text().startswith("exit-code=1\n")
        assert "deviation gone" in (tmp_path / "STEP_SUMMARY").read_text()
        assert "::error file=my expectations/numpy.toml,line=2,title=" in done.stdout

    def test_a_missing_adapter_fails_with_another_code(self, run_step, tool, ready):
        ready.python.write_text("#!/bin/sh\nexit 7\n")
        done, summary, output = run_step(
            self.gate()["run"],
            ADAPTERS="numpy",
            PROFILE="quick",
            EXPECTATIONS="",
            PAGE="https://example.org/report",
        )
        assert done.returncode == 3
        assert output.startswith("exit-code=3\n")
        assert "incomplete" in summary

    def test_an_input_is_no_command(self, run_step, tool, tmp_path):
        done, _, _ = run_step(
            self.gate()["run"], ADAPTERS="$(touch x);`touch x`", PROFILE="quick", EXPECTATIONS=""
        )
        assert done.returncode == 2
        assert not (tmp_path / "x").exists()


# What of GitHub's command line a comment takes: the forge is a folder with a file a comment.
GH = """#!{python}
import os, re, sys
from pathlib import Path
words, forge = sys.argv[1:], Path({forge!r})
if os.environ.get("GH_TOKEN") != "may write":
    sys.exit("HTTP 403")
where = re.match("repos/me/mine/issues/(comments/)?([0-9]+)", words[1])
fields = [word[len("body=@"):] for word in words if word.startswith("body=@")]
if fields:
    name = where[2] if where[1] else str(len(list(forge.iterdir())) + 100)
    assert where[1] is None or (words[words.index("--method") + 1] == "PATCH")
    (forge / name).write_text(Path(fields[0]).read_text())
else:
    mark = words[words.index("--jq") + 1].split('"')[1]
    for path in sorted(forge.iterdir()):
        if path.read_text().startswith(mark):
            print(path.name)
"""


class TestPullRequest:
    @pytest.fixture
    def forge(self, tmp_path, tool, monkeypatch):
        """Its comments; somebody else's is there."""
        folder = tmp_path / "forge"
        folder.mkdir()
        (folder / "100").write_text("### Optimizer conformance: I wonder\n")
        (tool / "gh").write_text(GH.format(python=sys.executable, forge=str(folder)))
        (tool / "gh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tool}:{os.environ['PATH']}")
        monkeypatch.setenv("GITHUB_REPOSITORY", "me/mine")
        monkeypatch.setenv("GITHUB_ACTION_PATH", str(TOP))
        return folder

    @pytest.mark.adapter("autograd")
    def test_what_a_branch_does_is_said_where_nothing_may_be_written(self, runner, forge, tmp_path):
        steps = load("action.yml")["runs"]["steps"]
        (step,) = [step for step in steps if step.get("id") == "compare"]
        given = {
            "ADAPTERS": "autograd",
            "PROFILE": "quick",
            "HEAD": ".",
            "BASE": "",
            "COMMENT": "true",
            "NUMBER": "7",
            "GH_TOKEN": "of a fork",
        }
        assert {*given} == {*step["env"]}
        path = Path("autograd/misc/optimizers.py")
        text = (site_packages(environments.locate("autograd").python) / path).read_text()
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text.replace("np.sqrt(vhat) + eps", "np.sqrt(vhat + eps)"))
        done, summary, output = runner(step["run"], **given)
        assert done.returncode == 1, done.stderr + done.stdout
        assert output == "exit-code=1\n"
        assert summary.startswith("<!-- optimizer-conformance: autograd -->\n### Optimizer conf")
        assert "epsilon inside the root" in summary
        assert len(summary.splitlines()) <= MOST
        assert "::warning::The comparison could not be written" in done.stdout
        assert [path.name for path in forge.iterdir()] == ["100"]

    def test_a_comment_is_written_anew_and_no_other_is(self, runner, forge, tmp_path):
        for adapter, text in (("jax", "harm"), ("torch", "harm"), ("jax", "no harm")):
            (tmp_path / "comment.md").write_text(f"{MARK.format(adapter)}\n{text}\n")
            script = '"$GITHUB_ACTION_PATH/ci/comment.sh" 7 comment.md'
            done, _, _ = runner(script, GH_TOKEN="may write")
            assert done.returncode == 0, done.stderr
        lines = {path.name: path.read_text().splitlines()[-1] for path in forge.iterdir()}
        assert lines == {
            "100": "### Optimizer conformance: I wonder",
            "101": "no harm",
            "102": "harm",
        }


class TestGitLab:
    @pytest.mark.long
    def test_its_script_runs(self, run_step, tool, tmp_path):
        job = load("ci/gitlab.yml")[".conformance"]
        assert job["artifacts"]["reports"]["junit"] == "conformance-report/conformance.junit.xml"
        script = job["script"][-1].replace(".conformance-tool/bin/", "")
        variables = {name: str(value) for name, value in job["variables"].items()}
        variables |= {
            "CONFORMANCE_ADAPTERS": "numpy",
            "CONFORMANCE_CACHE": os.environ["CONFORMANCE_CACHE"],
            "PATH": f"{tool}:{os.environ['PATH']}",
            "GITHUB_ACTIONS": "",
        }
        done, _, _ = run_step(script, **variables)
        assert done.returncode == 0, done.stderr + done.stdout
        assert (tmp_path / job["artifacts"]["reports"]["junit"]).is_file()
        assert "::" not in done.stdout.replace("::1", "")


class TestOthers:
    def test_the_workflow_uses_the_action_with_inputs_that_it_has(self):
        jobs = load(".github/workflows/ci.yml")["jobs"]
        steps = [step for step in jobs["conformance"]["steps"] if step.get("uses") == "./"]
        (step,) = steps
        assert set(step["with"]) <= set(load("action.yml")["inputs"])

    def test_the_hook_checks_the_files_that_it_is_given(self, conformance):
        (hook,) = load(".pre-commit-hooks.yaml")
        shipped = "conformance/expectations/torch.toml"
        assert re.search(hook["files"], shipped)
        assert not re.search(hook["files"], "pyproject.toml")
        command, *words = hook["entry"].split()
        assert command == "conformance"
        assert conformance(*words, str(TOP / shipped)).returncode == 0
