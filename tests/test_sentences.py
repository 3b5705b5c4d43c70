"""Sentences: how a text is cut, what is known of each, and what a new release adds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.cli.main import app
from optimizer_conformance.questions.verify import document, sentences
from optimizer_conformance.questions.verify.context import Context

NAMES = document.names()


class TestCuts:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("One. Two? Three!", ["One.", "Two?", "Three!"]),
            ("The default is 0.001. It is positive.", ["The default is 0.001.", "It is positive."]),
            ("A line\nbroken in two. Next.", ["A line broken in two.", "Next."]),
            ("A paragraph\n\nanother", ["A paragraph", "another"]),
            ("Words: \\[rate = y\\] and more", ["Words:", "rate = y", "and more"]),
            ("  • item one\n  • item two", ["item one", "item two"]),
            ("net | Table |\n---|---|\n", ["net", "Table"]),
        ],
    )
    def test_sentences_formulas_items_and_cells_stand_for_themselves(self, text, parts):
        assert sentences.split(text) == parts

    def test_a_copy_without_hyphens_and_blanks_is_the_same_sentence(self):
        one, other = "A divide-by-zero  error (1e-8).", "A dividebyzero error (1e8)."
        assert sentences.digest(one) == sentences.digest(other)
        assert sentences.digest(one) != sentences.digest("A divide-by-zero error (1e-7).")


class TestFiles:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_line_names_claims_that_exist_or_a_reason(self, name):
        assert sentences.problems(document.load(name), sentences.known(name)) == []

    @pytest.mark.parametrize(
        "name",
        ["matlab-rmspropupdate", "matlab-adamupdate", "mindspore-rmsprop", "d2l-rmsprop",
         "codecademy-rmsprop"],
    )  # fmt: skip
    def test_every_claim_of_the_five_documents_comes_from_a_sentence(self, name):
        rows = sentences.known(name)
        used = {claim for row in rows for claim in row.claims}
        assert {claim.id for claim in document.load(name).claims} == used
        assert not [row for row in rows if row.open]

    @pytest.mark.parametrize("name", NAMES)
    def test_no_sentence_is_left_open(self, name):
        assert [row.digest for row in sentences.known(name) if row.open] == []

    def test_no_sentence_is_copied(self):
        for path in Path(sentences.COVERED).glob("*.jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                assert set(json.loads(line)) <= {"section", "digest", "claims", "none", "open"}

    def test_a_damaged_file_is_named(self, tmp_path):
        (tmp_path / "t.jsonl").write_text("{}\n")
        with pytest.raises(document.ClaimFileError, match=r"t\.jsonl: cannot be read"):
            sentences.known("t", tmp_path)


class TestCoverage:
    @pytest.fixture
    def two(self, tmp_path, monkeypatch):
        """A document of two sentences, one of them a claim."""
        rows = [
            sentences.Sentence("Example", sentences.digest("It prints this."), ["example-output"]),
            sentences.Sentence("Example", sentences.digest("See below."), [], "an introduction"),
        ]
        text = "".join(
            json.dumps(
                {
                    "section": r.section,
                    "digest": r.digest,
                    **({"claims": r.claims} if r.claims else {"none": r.none}),
                }
            )
            + "\n"
            for r in rows
        )
        (tmp_path / "codecademy-rmsprop.jsonl").write_text(text)
        monkeypatch.setattr(sentences.known, "__defaults__", (tmp_path,))
        return document.load("codecademy-rmsprop")

    def test_without_a_text_the_lines_are_counted(self, two):
        (row,) = [r for r in sentences.coverage(two) if r.claimed + r.stated]
        assert (row.claimed, row.stated, row.open, row.checked) == (1, 1, 0, False)

    def test_the_same_text_has_nothing_new(self, two):
        found = sentences.coverage(two, "It prints this. See below.")
        assert not any(row.new or row.gone for row in found)
        assert all(row.checked for row in found)

    def test_a_changed_sentence_is_new_and_the_old_one_gone(self, two):
        found = sentences.coverage(two, "It prints that. See below.")
        assert [word for row in found for word in row.new] == ["It prints that."]
        assert sum(row.gone for row in found) == 1

    def test_a_sentence_twice_is_one_too_many(self, two):
        found = sentences.coverage(two, "It prints this. See below. See below.")
        assert [word for row in found for word in row.new] == ["See below."]

    def test_a_framework_that_is_not_here_leaves_the_text_out(self, monkeypatch, tmp_path):
        monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path))
        with Context() as context:
            assert sentences.text(document.load("torch"), context, None) is None

    def test_the_command_exits_1_for_an_uncovered_sentence(self, two, tmp_path):
        words = ["verify", "codecademy-rmsprop", "--sentences", "--texts", str(tmp_path)]
        path = tmp_path / "codecademy-rmsprop.txt"
        path.write_text("It prints this. See below.")
        assert CliRunner().invoke(app, words).exit_code == 0
        path.write_text("It prints this. Something new. See below.")
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 1
        assert "uncovered: codecademy-rmsprop: Something new." in done.output

    def test_texts_that_are_no_folder_are_a_usage_error(self, tmp_path):
        words = ["verify", "codecademy-rmsprop", "--sentences", "--texts", str(tmp_path / "none")]
        assert isinstance(CliRunner().invoke(app, words).exception, UsageError)


class TestPage:
    def test_the_page_of_the_documents_has_the_counts_of_their_files(self, tmp_path):
        page = Path(__file__).parents[1] / "docs" / "documents.md"
        copy = tmp_path / "documents.md"
        copy.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
        words = ["verify", "--sentences", "--page", str(copy)]
        assert CliRunner().invoke(app, words).exit_code == 0
        assert copy.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")

    @pytest.mark.parametrize("words", [[], ["--sentences"]])
    def test_a_page_is_of_sentences_and_has_the_marks(self, words, tmp_path):
        (tmp_path / "page.md").write_text("nothing")
        done = CliRunner().invoke(app, ["verify", *words, "--page", str(tmp_path / "page.md")])
        assert isinstance(done.exception, UsageError)


class TestInstalledDocstrings:
    @pytest.mark.adapter("torch")
    def test_torch_says_what_it_said(self):
        doc = document.load("torch")
        with Context() as context:
            text = sentences.text(doc, context, None)
        if not text or "2.13" not in str(doc.versions):
            pytest.skip("no environment of torch")
        assert not [word for row in sentences.coverage(doc, text) for word in row.new]


@pytest.mark.adapter("tfjs")
def test_the_comments_of_a_framework_without_python_are_read():
    loaded = document.load("tfjs")
    with Context() as context:
        rows = sentences.coverage(loaded, sentences.text(loaded, context, None))
    assert all(row.checked for row in rows)
    assert [row.new for row in rows if row.new or row.gone] == []
