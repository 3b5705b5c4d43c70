"""Releases of one framework: installed, run once, kept, and compared."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace

import filelock
import msgspec
import numpy
import pandas
import pytest
from packaging.requirements import Requirement

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.cli.history import again
from optimizer_conformance.questions.history.editions import edition
from optimizer_conformance.questions.history.frameworks import (
    UnknownFramework,
    framework,
    frameworks,
    releases,
)
from optimizer_conformance.questions.history.gathering import gathered
from optimizer_conformance.questions.history.growth import Gardener, release_in
from optimizer_conformance.questions.history.record import (
    RELEASE,
    ReleaseFolder,
    record,
    selection_of,
)
from optimizer_conformance.questions.history.timeline import Timeline, lettered
from optimizer_conformance.reports import history as report
from optimizer_conformance.reports import model
from optimizer_conformance.reports.reasons import EXCEPT, Reason
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.runs.schedule import Listener
from optimizer_conformance.workers import environments, interpreters
from optimizer_conformance.workers.interpreters import Interpreter
from optimizer_conformance.workers.process import Worker
from optimizer_conformance.workers.pythons import KNOWN, NoInterpreter, choose

HERE = ".".join(map(str, sys.version_info[:2]))
OLD, NEW = "2.3.5", "2.4.6"  # of NumPy, for this Python


def stand_in(path):
    """A file that starts this interpreter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return path


class TestInterpreters:
    def test_this_one_is_found(self):
        assert choose((HERE,), {}).minor == HERE

    def test_a_named_one_comes_first(self, tmp_path):
        link = stand_in(tmp_path / "python")
        assert choose(("3.8", HERE), {HERE: link}).path == link

    def test_one_that_does_not_start_is_passed_over(self, tmp_path, monkeypatch):
        """pyenv leaves a shim on PATH for every version, switched on or not."""
        (tmp_path / "python3.8").write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / "python3.8").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
        with pytest.raises(NoInterpreter, match=r"--python 3\.8="):
            choose(("3.8",), {})

    def test_pyenv_is_looked_through_the_newest_first(self, tmp_path, monkeypatch):
        for patch in ("2", "10"):
            version = tmp_path / "versions" / f"3.8.{patch}" / "bin" / "python"
            version.parent.mkdir(parents=True)
            version.write_text(f"#!/bin/sh\necho 3.8.{patch}\n")
            version.chmod(0o755)
        monkeypatch.setenv("PATH", "")
        monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
        assert choose(("3.8",), {}).version == "3.8.10"

    @pytest.mark.parametrize("version", ["1.24.4", "2.0.2", "2.2.6"])
    def test_the_worker_runs_on_old_pythons(self, version):
        try:
            recipe = framework("numpy").recipe(version, {})
        except NoInterpreter as error:
            pytest.skip(str(error))
        place = environments.locate("numpy", recipe)
        if not place.complete:
            pytest.skip(f"`conformance history numpy --versions {version}` makes its environment")
        with Worker(place.command) as worker:
            description = worker.hello()
            assert description.versions["numpy"] == version
            name = description.implementations[0].name
            assert worker.ask(protocol.Probe(name), protocol.Probed).defaults == {}


def test_reasons_that_differ_in_a_format_or_a_kind_of_gradient_are_told_as_one():
    given = [
        Reason(EXCEPT, dtype, kind)
        for dtype in ("complex64", "complex128")
        for kind in ("wide", "constant")
    ]
    told = gathered([given[0], Reason("the step changes its gradient"), *given[1:]])
    assert told == [
        f"{EXCEPT} in complex64 and complex128 with wide and constant gradients",
        "the step changes its gradient",
    ]
    many = [Reason(EXCEPT, "float32", kind) for kind in "abcde"]
    assert gathered(many) == [f"{EXCEPT} in float32 with 5 kinds of gradients (a, b, c, d, …)"]
    assert gathered([Reason("as it was")]) == ["as it was"]


class TestNeeds:
    @pytest.mark.parametrize("name", frameworks())
    def test_every_file_describes_what_can_be_installed(self, name):
        found = framework(name)
        assert found.adapter in environments.ADAPTERS
        for needs in found.needs:
            assert set(needs.python) <= set(KNOWN)
            for pin in needs.pins:
                assert Requirement(pin.format(version="1.0")).specifier

    def test_a_release_replaces_the_pin_of_its_distribution_and_no_other(self):
        ours = environments.ADAPTERS["mlx"].pins
        pins = framework("mlx").recipe("9.9", {}).pins
        assert [pin for pin in pins if pin not in ours] == ["mlx[cpu]==9.9"]

    def test_an_old_python_gets_what_has_wheels_for_it(self, tmp_path):
        old = tmp_path / "python3.8"
        old.write_text("#!/bin/sh\necho 3.8.18\n")
        old.chmod(0o755)
        recipe = framework("numpy").recipe("1.24.4", {"3.8": old})
        assert recipe.pins == ("numpy==1.24.4", "msgspec==0.18.6")
        assert (recipe.python, recipe.version) == (old, "3.8.18")

    def test_another_interpreter_or_pin_is_another_environment(self):
        recipe = framework("numpy").recipe(NEW, {})
        others = (
            recipe,
            replace(recipe, version="3.8.1"),
            replace(recipe, pins=(*recipe.pins, "scipy==1")),
        )
        folders = {environments.locate("numpy", other).folder for other in others}
        assert len(folders) == 3
        assert environments.locate("numpy").folder not in folders

    def test_versions_are_sorted_and_may_have_commas(self):
        assert releases(["0.10,0.9", "0.2.0rc1", "0.9"]) == ["0.2.0rc1", "0.9", "0.10"]
        with pytest.raises(UnknownFramework, match="give releases"):
            releases(["newest"])

    def test_an_unknown_framework_says_what_there_is(self):
        with pytest.raises(UnknownFramework, match="chainer"):
            framework("caffe")


class TestWhatAReleaseLacks:
    def test_an_argument(self):
        def adam(rate, eps=1e-8): ...

        assert kit.lacks(adam, ["rate", "eps"]) == ""
        assert kit.lacks(adam, ["rate", "nesterov"]) == "adam of this release takes no nesterov"

    def test_an_optimizer(self):
        assert kit.lacks(None, []) == "this release has no such optimizer"
        assert kit.constructor_defaults(None, {"epsilon": "eps"}) == {}


def installation():
    """Environments of two releases of NumPy, both of them this interpreter."""
    for version in (OLD, NEW):
        place = environments.locate("numpy", framework("numpy").recipe(version, {}))
        stand_in(place.python)
        (place.folder / environments.MARKER).write_text('{"packages": {}}')


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A history of both releases; do not write to it."""
    folder = tmp_path_factory.mktemp("history")
    found = framework("numpy")
    selection = selection_of(found, "quick", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFORMANCE_CACHE", str(folder))
        installation()
        grown = Gardener(found, selection, record(found, selection), Listener()).grow([OLD, NEW])
    assert grown.ran == [OLD, NEW]
    return folder / "history"


@pytest.fixture
def installed(cache):
    """Two releases that can be run; their record."""
    installation()
    return cache / "history" / "numpy" / "quick-0"


@pytest.fixture
def grown(installed, kept, cache):
    """Two releases that were run."""
    shutil.copytree(kept, cache / "history")
    return installed


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("footer.json")}


def changed(folder, change):
    """The cells of a kept release with something changed, still whole."""
    path = folder / "run" / "cells" / "numpy.parquet"
    cells = pandas.read_parquet(path)
    change(cells)
    cells.to_parquet(path, index=False)


class TestCommand:
    def test_a_release_is_run_once_and_the_history_grows(self, installed, conformance):
        assert conformance("history", "numpy", "--versions", OLD).returncode == 0
        before = times(installed)
        assert len(before) == 1
        done = conformance("history", "numpy", "--versions", NEW)
        assert done.returncode == 0
        assert f"numpy {OLD} → {NEW}" in done.stdout
        assert "nothing" in done.stdout
        after = times(installed)
        assert len(after) == 2
        assert before.items() <= after.items()

    def test_what_is_kept_is_shown_without_running(self, grown, conformance):
        before = times(grown)
        content = json.loads(conformance("history", "numpy", "--json").stdout)
        assert [item["version"] for item in content["releases"]] == [OLD, NEW]
        assert content["changes"] == []
        assert content["steps"][0]["counts"]["unchanged"] > 0
        assert times(grown) == before

    def test_another_suite_runs_again_and_says_so(self, grown, conformance):
        path = grown / OLD / "run" / "provenance.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "suite": "another"}))
        done = conformance("history", "numpy", "--json")
        assert [item["version"] for item in json.loads(done.stdout)["releases"]] == [NEW]
        assert "another version of the suite" in json.loads(done.stdout)["notes"][0]
        done = conformance("history", "numpy", "--versions", OLD, "--format", "markdown")
        assert "run again" in done.stderr
        assert done.stdout.startswith(f"# numpy: {OLD}, {NEW}\n")
        assert not ReleaseFolder(grown / OLD).former.exists()

    def test_an_interrupted_release_goes_on(self, grown, conformance):
        (grown / OLD / "run" / "footer.json").unlink()
        (grown / OLD / RELEASE).unlink()
        done = conformance("history", "numpy", "--json")
        assert [item["version"] for item in json.loads(done.stdout)["releases"]] == [NEW]
        done = conformance("history", "numpy", "--versions", OLD, "--json")
        assert [item["version"] for item in json.loads(done.stdout)["releases"]] == [OLD, NEW]

    def test_the_gate(self, grown, conformance):
        words = ("history", "numpy", "--json", "--fail-on", "changed")
        assert conformance(*words).returncode == 0

        def worsen(cells):
            row = cells[cells.relation == "claimed"].index[0]
            cells.loc[row, ["verdict", "why"]] = ["deviates", "made worse"]

        changed(grown / NEW, worsen)
        assert conformance(*words).returncode == 1
        assert conformance("history", "numpy", "--json").returncode == 0

    def test_a_release_that_cannot_be_installed_is_incomplete(self, installed, conformance):
        words = ("history", "numpy", "--json", "--versions", NEW, "0.0.1")
        done = conformance(*words, "--python", f"3.8={sys.executable}")
        assert done.returncode == 3
        content = json.loads(done.stdout)
        assert list(content["failed"]) == ["0.0.1"]
        assert [item["version"] for item in content["releases"]] == [NEW]

    def test_two_processes_do_not_run_into_one_history(self, installed, conformance):
        installed.mkdir(parents=True)
        with filelock.FileLock(installed / ".lock"):
            done = conformance("history", "numpy", "--versions", NEW)
        assert done.returncode == 3
        assert "another process" in done.stderr

    def test_what_is_there_is_shown_while_another_process_runs(self, grown, conformance):
        with filelock.FileLock(grown / ".lock"):
            assert conformance("history", "numpy", "--versions", OLD, NEW).returncode == 0

    def test_a_release_that_an_interpreter_has_is_run_there(self, cache, conformance):
        words = ("history", "numpy", "--json", "--python", sys.executable)
        done = conformance(*words)
        assert done.returncode == 0, done.stderr
        (release,) = json.loads(done.stdout)["releases"]
        assert release["version"] == numpy.__version__
        kept = cache / "history" / "numpy" / "quick-0" / numpy.__version__ / RELEASE
        about = json.loads(kept.read_text())
        assert f"numpy=={numpy.__version__}" in about["pins"]
        assert again([ReleaseFolder(kept.parent)]) == f"--python {about['host']}"
        assert not environments.root().exists()

    def test_a_build_is_another_release_than_that_of_its_number(self, tmp_path):
        def release(version):
            host = Interpreter(tmp_path, "3.11.7", (("NumPy", version),), frozenset())
            return release_in(host, framework("numpy"))

        assert release("2.4.6") == "2.4.6"
        assert release("2.4.6 @ sha256=0123456789abcdef") == "2.4.6+01234567"
        assert release("2.5.0.dev0+git1 @ 89abcdef01234567") == "2.5.0.dev0+git1.89abcdef"
        assert release(f"2.4.6 @ file://{tmp_path}") != release("2.4.6 @ file:///elsewhere")
        with pytest.raises(NoInterpreter, match="has no torch"):
            release_in(Interpreter(tmp_path, "3.11.7", (), frozenset()), framework("torch"))

    def test_usage(self, cache, conformance):
        for words, message in (
            (("caffe",), "no framework"),
            (("numpy",), "nothing is kept of numpy yet"),
            (("numpy", "--versions", "newest"), "give releases"),
            (("numpy", "--versions", NEW, "--python", "2.7=x"), "names no interpreter"),
            (("numpy", "--versions", NEW, "--python", "3.9=nowhere"), "no such file"),
            (("numpy", "--python", "nowhere"), "no such program"),
            (("torch", "--python", sys.executable), "has no torch"),
            (("numpy", "--versions", NEW, "--pre"), "give --with too"),
            (("numpy", "--fail-on", "never"), "none of these"),
            (("numpy", "--profile", "slow"), "unknown profile"),
        ):
            done = conformance("history", *words)
            assert done.returncode == 2, words
            assert message in done.stderr

    def test_the_list(self, grown, conformance):
        content = json.loads(conformance("history", "--list", "--json").stdout)
        assert content["frameworks"]["numpy"] == {"quick-0": [OLD, NEW]}
        assert set(frameworks()) <= set(content["frameworks"])
        assert OLD in conformance("history", "--list").stdout

    def test_another_folder(self, installed, conformance, tmp_path):
        words = ("history", "numpy", "--versions", NEW, "--keep", str(tmp_path / "mine"))
        assert conformance(*words).returncode == 0
        assert (tmp_path / "mine" / "numpy" / "quick-0" / NEW / RELEASE).is_file()

    def test_an_environment_may_be_discarded(self, installed, conformance):
        place = environments.locate("numpy", framework("numpy").recipe(NEW, {}))
        assert place.complete
        assert conformance("history", "numpy", "--versions", NEW, "--discard").returncode == 0
        assert not place.folder.exists()


@pytest.fixture
def pair(grown):
    """Two editions whose second a function changes."""

    def made(change=None, release=None, description=None):
        place = ReleaseFolder(grown / NEW)
        if change:
            changed(place.folder, change)
        if release:
            place.write(msgspec.structs.replace(place.release(), defaults=release))
        if description:
            path = place.run / "adapters.json"
            content = json.loads(path.read_text())
            for item in content["numpy"]["description"]["implementations"]:
                description(item)
            path.write_text(json.dumps(content))
        return Timeline("numpy", (edition(ReleaseFolder(grown / OLD)), edition(place)))

    return made


def words_of(timeline):
    return [item.words for item in timeline.changes]


NAIVE = "numpy:codecademy"


class TestTimeline:
    def test_other_bits_show_where_no_verdict_does(self, pair):
        def other(cells):
            own = cells[(cells.relation == "claimed") & (cells.implementation == NAIVE)]
            cells.loc[own.index[:2], "bits"] = "0"

        timeline = pair(other)
        assert timeline.steps[0].counts()["shifted"] == 2
        (words,) = words_of(timeline)
        assert words.startswith("other bits in 2 of ")
        assert words.endswith(", the same verdicts")
        (row,) = report.wanted(timeline, everything=False)
        assert (row.what, row.values) == ("bits", ("A", "B"))

    def test_another_rule_is_told_by_its_difference(self, pair):
        def other(cells):
            own = (cells.relation == "claimed") & (cells.implementation == NAIVE)
            cells.loc[own, "verdict"] = "deviates"
            cells.loc[own, "nearest"] = "matlab-rmspropupdate-r2020a"
            cells.loc[own, "why"] = "epsilon outside the root"

        found = words_of(pair(other))
        assert "epsilon outside the root instead of inside the root" in found

    def test_defaults_that_change_and_come(self, pair):
        before = {NAIVE: {"epsilon": 1e-7}}
        timeline = pair(release=before)
        assert words_of(timeline) == ["new default epsilon: 1e-07"]

    def test_an_implementation_that_a_release_lacks(self, pair):
        def gone(item):
            if item["name"] == NAIVE:
                item["devices"], item["gaps"] = [], {"device": "not in this release"}

        timeline = pair(description=gone)
        assert words_of(timeline)[0] == "is gone (not in this release)"
        shown = report.wanted(timeline, everything=False)
        assert [row.what for row in shown] == ["available"]

    def test_options_and_arguments_that_come(self, pair):
        def more(item):
            if item["name"] == NAIVE:
                item["hyperparameters"] = [*item["hyperparameters"], "momentum"]

        assert words_of(pair(description=more)) == ["arguments: momentum new"]

    def test_a_letter_stands_for_the_first_release_with_these_bits(self):
        a, b = pandas.Series({1: "x", 2: "y"}), pandas.Series({1: "x", 2: "z"})
        assert lettered([a, b, None, a, b]) == ("A", "B", "–", "A", "B")

    def test_every_report_has_the_changes(self, pair):
        def other(cells):
            own = cells[(cells.relation == "claimed") & (cells.implementation == NAIVE)]
            cells.loc[own.index[:2], "bits"] = "0"

        timeline = pair(other)
        for text in (
            report.render(timeline, everything=True),
            report.page(timeline, everything=False),
            json.dumps(report.content(timeline)),
        ):
            assert "other bits in 2 of" in text


# The oldest release that is driven of each, the Python that it has wheels for, and what follows its
# document there as it does today.
OLDEST = {
    "mxnet": ("mxnet==1.5.1.post0", "3.8", "mxnet:d2l.scratch"),
    "tensorflow": ("tensorflow-cpu==2.4.4", "3.8", "tensorflow:compat.v1.GradientDescentOptimizer"),
    "torch": ("torch==1.12.1", "3.10", "torch:SGD"),
    "mindspore": ("mindspore==2.0.0", "3.9", "mindspore:ops.ApplyCenteredRMSProp"),
}


@pytest.mark.install
@pytest.mark.parametrize("adapter", OLDEST)
def test_the_oldest_releases_run(adapter, tmp_path):
    requirement, python, name = OLDEST[adapter]
    host = interpreters.ask(interpreters.interpreter_with(requirement, python=python))
    selection = Selection(
        adapters=(adapter,), implementations=(name,), dtypes=("float32",), modes=("origin",),
        profile="quick",
    )  # fmt: skip
    with interpreters.standing_in(host):
        conduct(selection, tmp_path / "run")
    run = model.load(tmp_path / "run")
    own = run.cells[run.cells.relation == "claimed"]
    assert len(own) > 0
    assert all(v.startswith(requirement.partition("==")[2]) for v in own.version)
    assert not {"deviates", "error"} & set(own.verdict)
