"""Expectations files: what ``check`` refuses, and what ``update`` proposes."""

from __future__ import annotations

import json
import math
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_gate import AGREEING, DEVIATING, departures

from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.check import review
from optimizer_conformance.expectations.ledger import ExpectationError, Ledger
from optimizer_conformance.expectations.update import decades, propose

TODAY = date(2026, 11, 20)
FILE = """\
# The head of the file.

# Why the first is as it is.
[[expectation]]
id = "first"
implementation = "fake:RMSprop" # as a whole
verdict = "deviates"
score = [1e5, 1e7]
reason = "epsilon is inside"
link = "https://example.org/1"
reviewed = "2026-11-20"

# About the second.
[[expectation]]
id = "second"
implementation = "fake:Adam"
verdict = "crash"
reason = "dies"
link = "https://example.org/2"
reviewed = "2026-11-20"
"""
CRASHED = replace(AGREEING, implementation="fake:Adam", verdict="crash")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "fake.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def proposal(path, cells, stale=True):
    entries = expectations.read(path) if path.exists() else []
    return propose(path, cells, Ledger(entries, path=path), stale=stale)


class TestCheck:
    def test_an_ordinary_file_is_in_order(self, path):
        path.write_text(FILE.replace("fake:", "fake:"), encoding="utf-8")
        assert review(path, TODAY) == []

    def test_the_shipped_files_are_in_order(self):
        for shipped in expectations.FOLDER.glob("*.toml"):
            found = review(shipped, date.today())
            assert [item for item in found if item.level == "error"] == []

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ('"dies"', '"TODO: say it"', "has no reason yet"),
            ('"dies"', '" "', "has no reason yet"),
            ("https://example.org/2", "TODO", "has no link yet"),
            ("https://example.org/2", "somewhere", "neither an address"),
            ("https://example.org/2", "a" * 5000, "neither an address"),
            ('"fake:Adam"', '"torch:Adam"', "begins with 'fake:'"),
            ('verdict = "crash"', 'verdict = "crash"\ndtype = "float31"', "fits no dtype"),
            ('verdict = "crash"', 'verdict = "crash"\nmode = "walk"', "fits no mode"),
            ('verdict = "crash"', 'verdict = "crash"\nvariant = "x"', "fits no documented variant"),
            ('2026-11-20"\n', '2027-01-01"\n', "not come yet"),
            ("[[expectation]]", "[[expectations]]", "unknown field"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, path, old, new, message):
        before, _, after = FILE.rpartition(old)
        path.write_text(before + new + after, encoding="utf-8")
        (problem,) = review(path, TODAY)
        assert problem.level == "error"
        assert message in problem.message
        assert problem.file.endswith("fake.toml")
        assert problem.line == (15 if problem.entry else 1)

    def test_a_review_that_is_due_is_a_warning(self, path):
        problems = review(path, date(2028, 1, 1))
        assert {problem.level for problem in problems} == {"warning"}


class TestUpdate:
    def test_nothing_changes_where_all_is_as_expected(self, path):
        found = proposal(path, [DEVIATING, CRASHED])
        assert found.diff == ""
        assert found.changes == []

    def test_a_new_deviation_gets_an_entry_that_check_refuses(self, path):
        new = replace(DEVIATING, implementation="fake:New", divergence_score=4321.0)
        found = proposal(path, [DEVIATING, CRASHED, new])
        assert "+score = [1000.0, 10000.0]" in found.diff
        path.write_text(found.after, encoding="utf-8")
        assert len(review(path, date.today())) == 2  # reason and link
        assert found.after.startswith(FILE)

    def test_what_has_gone_is_removed_and_comments_stay_with_their_entries(self, path):
        found = proposal(path, [AGREEING, CRASHED])
        assert "first" not in found.after.replace("", "")
        assert "Why the first" not in found.after
        assert found.after == FILE[: FILE.index("# Why")] + FILE[FILE.index("# About") :]

    def test_what_fits_nothing_is_removed_only_after_a_whole_run(self, path):
        assert proposal(path, [DEVIATING], stale=False).diff == ""
        assert "remove second: it fits no cell" in proposal(path, [DEVIATING]).changes

    def test_another_size_corrects_the_band_and_nothing_else(self, path):
        found = proposal(path, [replace(DEVIATING, divergence_score=3e9), CRASHED])
        changed = [line for line in found.diff.splitlines()[2:] if line.startswith(("+", "-"))]
        assert changed == ["-score = [1e5, 1e7]", "+score = [1000000000.0, 10000000000.0]"]

    def test_a_place_that_agrees_narrows_the_entry(self, path):
        path.write_text(FILE.replace('"fake:RMSprop" #', '"fake:*" #'), encoding="utf-8")
        other = replace(AGREEING, implementation="fake:Other")
        found = proposal(path, [DEVIATING, other, CRASHED])
        assert 'implementation = "fake:RMSprop" # as a whole' in found.after
        assert "# Why the first is as it is." in found.after

    def test_a_file_that_is_not_there_is_begun(self, tmp_path):
        found = proposal(tmp_path / "fake.toml", [DEVIATING])
        assert found.after.startswith("[[expectation]]")

    def test_entries_in_one_line_are_not_edited(self, path):
        inline = 'expectation = [{id="a", implementation="fake:*", verdict="crash", reason="r", '
        path.write_text(inline + 'link="l", reviewed="2026-11-20"}]\n', encoding="utf-8")
        with pytest.raises(ExpectationError, match=r"a table .* of its own"):
            proposal(path, [DEVIATING])

    @settings(max_examples=60, deadline=None)
    @given(
        cells=st.lists(
            st.builds(
                lambda implementation, dtype, verdict, size, mode: replace(
                    AGREEING,
                    implementation=implementation,
                    dtype=dtype,
                    mode=mode,
                    verdict=verdict,
                    divergence_score=size if verdict == "deviates" else 0.0,
                ),
                st.sampled_from(["fake:RMSprop", "fake:Adam", "fake:New"]),
                st.sampled_from(["float32", "float64"]),
                st.sampled_from(["deviates", "rounding", "crash", "ill-posed"]),
                st.floats(1.0, allow_nan=False, allow_infinity=True),
                st.sampled_from(["origin", "trajectory"]),
            ),
            max_size=6,
        )
    )
    def test_once_it_is_written_the_run_is_as_expected(self, tmp_path_factory, cells):
        path = tmp_path_factory.mktemp("folder") / "fake.toml"
        path.write_text(FILE, encoding="utf-8")
        found = proposal(path, cells)
        path.write_text(found.after, encoding="utf-8")
        assert departures(cells, expectations.read(path)) == []
        assert proposal(path, cells).diff == ""

    @given(st.lists(st.floats(0, allow_nan=False), min_size=1))
    def test_a_band_holds_what_it_was_made_from(self, sizes):
        low, high = decades(sizes)
        assert low <= min(sizes) <= max(sizes) <= high
        assert math.isfinite(low) or math.isinf(min(sizes))


class TestCommands:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "expectations").mkdir()
        return tmp_path / "expectations"

    def test_a_run_is_held_against_the_files(self, conformance, numpy_run, folder):
        known = ("expectations", "check", "--folder", str(folder), "--run", str(numpy_run.folder))
        assert conformance(*known).returncode == 0
        (folder / "numpy.toml").write_text(FILE.replace("fake:RMSprop", "numpy:codecademy"))
        done = conformance(*known, "--json")
        assert done.returncode == 1
        content = json.loads(done.stdout)
        assert "gone" in {finding["kind"] for finding in content["findings"]}

    def test_update_writes_only_when_told(self, conformance, numpy_run, folder):
        file = folder / "numpy.toml"
        text = FILE.replace("fake:RMSprop", "numpy:codecademy").replace("fake:", "numpy:")
        file.write_text(text)
        words = ("expectations", "update", str(numpy_run.folder), "--folder", str(folder))
        done = conformance(*words)
        assert done.returncode == 1
        assert done.stdout.startswith("--- a/numpy.toml")
        assert "--write makes the change" in done.stderr
        assert file.read_text() == text
        assert conformance(*words, "--write").returncode == 0
        assert '"first"' not in file.read_text()
        assert conformance(*words, "--json").returncode == 0

    def test_a_file_that_is_not_there_is_a_usage_error(self, conformance):
        assert conformance("expectations", "check", "nowhere.toml").returncode == 2

    def test_the_shipped_files_pass(self, conformance):
        done = conformance("expectations", "check")
        assert done.returncode == 0, done.stderr
        assert "In order" in done.stdout
