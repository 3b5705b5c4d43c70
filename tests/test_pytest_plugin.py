"""``pytest --conformance``: in a project of its own, as its users run it."""

from __future__ import annotations

from importlib import metadata
from xml.etree import ElementTree

import pytest

from optimizer_conformance.workers import environments

pytest_plugins = ["pytester"]
MODULE = "optimizer_conformance.pytest.plugin"
# Installed with the package, pytest loads it by itself.
INSTALLED = any(found.value == MODULE for found in metadata.entry_points(group="pytest11"))
LOADED = () if INSTALLED else ("-p", MODULE)
CACHE = environments.root().parent
STRICT = """
[pytest]
addopts = --strict-markers --strict-config
xfail_strict = true
filterwarnings = error
"""
ENTRY = """
[[expectation]]
id = "numpy-deviates"
implementation = "numpy:codecademy"
verdict = "deviates"
reason = "nothing of the kind"
link = "docs/findings/none.md"
reviewed = "2026-11-25"
mode = "origin"
"""
numpy = pytest.mark.adapter("numpy")
torch = pytest.mark.adapter("torch")


@pytest.fixture
def project(pytester, monkeypatch):
    """A project whose pytest is strict; how to run it."""
    monkeypatch.setenv("CONFORMANCE_CACHE", str(CACHE))  # pytester moves the user's home
    pytester.makefile(".ini", pytest=STRICT)

    def run(*words):
        return pytester.runpytest_subprocess(*LOADED, "-p", "no:cacheprovider", *words)

    return run


def of_numpy(*words):
    return ("--conformance", "--conformance-adapter", "numpy", *words)


class TestWithoutTheOption:
    def test_nothing_is_imported_and_nothing_printed(self, project, pytester):
        pytester.makepyfile(
            """
            import sys

            def test_no_cost():
                heavy = {"numpy", "pandas", "sympy", "optimizer_conformance.judging.group", "typer"}
                assert not heavy & set(sys.modules)
            """
        )
        done = project()
        done.assert_outcomes(passed=1)
        printed = [line for line in done.stdout.lines if not line.startswith("plugins:")]
        assert "conformance" not in "\n".join(printed)

    def test_a_projects_tests_find_assert_conforms_here_too(self):
        import optimizer_conformance
        from optimizer_conformance.pytest.plugin import assert_conforms

        assert assert_conforms is optimizer_conformance.assert_conforms

    def test_a_project_keeps_its_own_tests(self, project, pytester):
        pytester.makepyfile("def test_own(): pass")
        project().assert_outcomes(passed=1)


@numpy
class TestCells:
    def test_cells_stand_beside_a_projects_own_tests(self, project, pytester):
        pytester.makepyfile("def test_own(): pass")
        done = project(*of_numpy("-k", "test_own or (origin and codecademy)"))
        assert done.ret == 0
        found = done.parseoutcomes()
        assert found["passed"] > 1
        assert found["deselected"] > 1

    def test_a_marker_chooses_cells_alone(self, project, pytester):
        pytester.makepyfile("def test_own(): assert False")
        done = project(*of_numpy("-m", "conformance", "-k", "origin"))
        assert done.ret == 0

    def test_names_are_the_same_every_time(self, project):
        first, second = (
            [line for line in project(*of_numpy("--collect-only", "-q")).outlines if "::" in line]
            for _ in range(2)
        )
        assert first == second
        assert first[0].startswith("conformance::numpy:")
        assert len(set(first)) == len(first)

    def test_several_processes_come_to_the_same(self, project):
        words = of_numpy("-k", "origin or trajectory")
        one, two = project(*words), project(*words, "-n", "2", "--dist", "loadgroup")
        assert one.parseoutcomes()["passed"] == two.parseoutcomes()["passed"]

    def test_no_worker_outlives_the_session(self, project, pytester):
        pytester.makeconftest(
            """
            import psutil

            def pytest_unconfigure():
                print("children:", len(psutil.Process().children()))
            """
        )
        done = project(*of_numpy("-k", "origin", "-s"))
        done.stdout.fnmatch_lines(["*children: 0"])

    def test_junit_holds_a_test_case_for_each_cell(self, project, pytester):
        project(*of_numpy("-k", "origin and codecademy", "--junit-xml", "found.xml"))
        cases = list(ElementTree.parse(pytester.path / "found.xml").iter("testcase"))
        assert {case.get("classname").partition(".")[0] for case in cases} == {"conformance"}
        assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)

    def test_agreement_fails_where_a_deviation_is_expected(self, project, pytester):
        folder = pytester.mkdir("known")
        (folder / "numpy.toml").write_text(ENTRY)
        done = project(
            *of_numpy("-k", "origin and codecademy", "--conformance-expectations", str(folder))
        )
        assert done.ret == 1
        done.stdout.fnmatch_lines(["*agrees with codecademy-rmsprop*numpy-deviates expects*"])
        assert "Traceback" not in done.stdout.str()


@torch
class TestDeviations:
    WORDS = ("--conformance", "--conformance-adapter", "torch", "-k", "Adam[fused] and strided")

    def test_a_known_deviation_is_an_expected_failure(self, project):
        done = project(*self.WORDS, "-rx")
        assert done.ret == 0
        assert done.parseoutcomes()["xfailed"] > 0
        done.stdout.fnmatch_lines(["XFAIL conformance::torch:Adam*torch-fused-strided-adam:*"])

    def test_an_unknown_one_fails_with_words_and_a_command(self, project, pytester):
        folder = pytester.mkdir("none")
        done = project(*self.WORDS, "--conformance-expectations", str(folder))
        assert done.ret == 1
        done.stdout.fnmatch_lines(
            [
                "torch:Adam[[]fused[]] (cpu, float32) deviates from torch-adam",
                "*first divergence: step 1, parameter of strided-*",
                "*conformance repro 'torch:Adam[[]fused[]]' 'adam/float32/layout/*",
            ]
        )
        assert "Traceback" not in done.stdout.str()


class TestGaps:
    def test_an_adapter_without_environment_is_skipped_with_the_reason(
        self, project, pytester, monkeypatch
    ):
        monkeypatch.setenv("CONFORMANCE_CACHE", str(pytester.path / "cache"))
        done = project("--conformance", "--conformance-adapter", "torch", "-rs")
        done.assert_outcomes(skipped=1)
        done.stdout.fnmatch_lines(["*conformance env create torch*"])

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--conformance-adapter", "torhc"], "*torhc: unknown; did you mean torch*"),
            (["--conformance-profile", "qiuck"], "*qiuck: unknown; did you mean quick*"),
            (["--conformance-variant", "nothing"], "*nothing: fits none*"),
            (["--conformance-expectations", "nowhere"], "*nowhere is no folder*"),
        ],
    )
    def test_wrong_options_are_one_line(self, project, words, said):
        done = project("--conformance", *words)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([said])
