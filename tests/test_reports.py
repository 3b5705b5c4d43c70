"""Reports from run folders; what came from a run is text and never markup."""

from __future__ import annotations

import csv
import io
import json
import re

import hostile as hostile_run
import pytest
from evaluations import case_of
from fakes import command
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.reports import html, markdown, model, terminal
from optimizer_conformance.reports.model import UnreadableRun
from optimizer_conformance.reports.sheets import Sheet, comma_separated
from optimizer_conformance.reports.text import visible
from optimizer_conformance.runs.run import conduct


def run(behaviour, folder):
    outcome = conduct(
        Selection(adapters=("fake",), cases=(case_of(mode="trajectory", steps=3),)),
        folder,
        commands={"fake": command(behaviour)},
    )
    return model.load(outcome.folder)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """A run whose only implementation adds epsilon in the wrong place."""
    return run("outside", tmp_path_factory.mktemp("wrong") / "run")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run whose names and error texts want to become markup."""
    return run("hostile", tmp_path_factory.mktemp("hostile") / "run")


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    """A run with the same cells and findings, in which every name is an ordinary word."""
    return hostile_run.run_of(hostile_run.HARMLESS, tmp_path_factory.mktemp("harmless") / "run")


def in_terminal(data, *, markup=False):
    """What the terminal shows; with ``markup`` the escape sequences of colours too."""
    stream = io.StringIO()
    console = Console(file=stream, width=240, force_terminal=markup, highlight=False)
    terminal.show(data, console)
    return stream.getvalue()


class TestContent:
    def test_a_deviation_is_explained_everywhere(self, wrong):
        words = re.compile("epsilon .*outside the root.* inside the root")
        assert words.search(in_terminal(wrong))
        assert words.search(markdown.render(wrong))
        assert words.search(html.render(wrong))
        assert model.compared(wrong).why.str.contains(words).any()

    def test_the_first_divergence_can_be_run_again(self, wrong):
        case = case_of(mode="trajectory", steps=3).identifier
        assert case in in_terminal(wrong)
        assert f"--case '{case}'" in in_terminal(wrong)
        assert case in html.render(wrong).replace("&#39;", "'")

    def test_an_agreement_is_not_listed_among_departures(self, numpy_run):
        data = model.load(numpy_run.folder)
        assert "Departures" not in markdown.render(data)
        assert "3 follow\n" in in_terminal(data)
        assert "except" not in in_terminal(data)

    def test_the_summary_has_a_row_an_implementation(self, numpy_run):
        summary = model.summary(model.load(numpy_run.folder))
        assert list(summary.implementation) == [
            "numpy:codecademy",
            "numpy:d2l.scratch",
            "numpy:d2l.2d",
        ]
        assert set(summary.verdict) <= {"exact", "rounding", "representation"}
        assert (summary.score <= 1).all()

    def test_other_documents_with_the_same_rule_are_named(self, numpy_run):
        summary = model.summary(model.load(numpy_run.folder))
        assert "d2l-rmsprop" in summary.also.iloc[0]

    def test_html_needs_no_network_and_no_script(self, numpy_run):
        page = html.render(model.load(numpy_run.folder))
        assert "<script" not in page
        assert not re.search(r"(src|href)=[\"']?https?:", page)

    def test_markdown_tables_are_rectangular(self, wrong):
        for block in markdown.render(wrong).split("\n\n"):
            rows = [line for line in block.splitlines() if line.startswith("|")]
            widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
            assert len(widths) <= 1

    def test_csv_has_the_same_rows(self, wrong):
        text = model.csv(wrong)
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == len(model.compared(wrong))
        assert rows[0]["implementation"] == "fake:rmsprop"

    def test_an_empty_run_can_be_shown(self, tmp_path):
        outcome = conduct(
            Selection(adapters=("fake",)),
            tmp_path / "run",
            commands={"fake": command("crash_at_hello")},
        )
        data = model.load(outcome.folder)
        for text in (in_terminal(data), markdown.render(data)):
            assert "fake cannot run" in text
        assert "unavailable" in html.render(data)
        for text in (in_terminal(data), markdown.render(data), html.render(data)):
            assert "libfake.so.1" in text


class TestHostileTexts:
    def test_html(self, hostile):
        page = html.render(hostile)
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "&lt;script&gt;alert(2)" in page

    def test_markdown(self, hostile):
        text = markdown.render(hostile)
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert r"\|" in text
        for row in (line for line in text.splitlines() if line.startswith("| fake")):
            assert len(re.findall(r"(?<!\\)\|", row)) in (4, 5)

    def test_terminal(self, hostile):
        text = in_terminal(hostile)
        assert "[red]x[/red]" in text.replace("\n", "")
        assert "[red]boom[/red]" in text

    def test_csv(self, hostile):
        assert "[red]boom[/red]" in model.csv(hostile)

    @pytest.mark.parametrize("text", ["=1+1", "-2+3", "@x", "+x", "\t=1", " -cmd|' /C calc'!A0"])
    def test_no_cell_is_a_formula_of_a_spreadsheet(self, text):
        sheet = Sheet(text, "", [text, "b"], [[text, "-0.5"], ["-inf", text]])
        cells = [cell for row in csv.reader(io.StringIO(comma_separated([sheet]))) for cell in row]
        assert cells.count("'" + text) == 5
        assert {"-0.5", "-inf"} < set(cells)

    def test_a_column_with_nothing_in_some_rows_has_no_formula_either(self, wrong, monkeypatch):
        table = model.compared(wrong).assign(note="=1+1")
        table.loc[table.index[0], "note"] = None
        monkeypatch.setattr(model, "compared", lambda run: table)
        assert ",'=1+1" in model.csv(wrong)
        assert ",=1+1" not in model.csv(wrong)

    def test_cells_of_markdown_neither_break_out_nor_link(self):
        text = markdown.cell("a | b\n<b> [link](http://x) `code` *bold* _it_ \\")
        assert "\n" not in text
        assert re.search(r"(?<!\\)[|*_`\[\]]", text) is None
        assert "<" not in text


class TestHostileTextsCarryNoMarkup:
    """Whatever a run brings along, a format has the structure that harmless names give it."""

    @settings(max_examples=4, deadline=None)
    @given(words=hostile_run.WORDS)
    def test_in_any_format(self, harmless, tmp_path_factory, words):
        hostile_run.compare(words, harmless, tmp_path_factory.mktemp("run") / "run")

    @pytest.mark.parametrize("start", range(0, len(hostile_run.ATTACKS), 23))
    def test_each_known_attack_in_some_field(self, harmless, tmp_path, start):
        hostile_run.compare(hostile_run.attacks_from(start), harmless, tmp_path / "run")

    @pytest.mark.faults
    @pytest.mark.parametrize("start", range(len(hostile_run.ATTACKS)))
    def test_each_known_attack_in_every_field(self, harmless, tmp_path, start):
        hostile_run.compare(hostile_run.attacks_from(start), harmless, tmp_path / "run")

    @pytest.mark.faults
    @settings(max_examples=200, deadline=None)
    @given(words=hostile_run.WORDS)
    def test_in_any_format_often(self, harmless, tmp_path_factory, words):
        hostile_run.compare(words, harmless, tmp_path_factory.mktemp("run") / "run")

    @given(text=st.text())
    def test_a_text_made_visible_is_one_printable_line(self, text):
        assert visible(text).isprintable()

    @given(text=st.text(alphabet="abc <>&|*_`[]()é", min_size=1).map(str.strip).filter(bool))
    def test_markdown_shows_the_text_itself(self, text):
        from markdown_it import MarkdownIt

        (paragraph,) = MarkdownIt("gfm-like").parse("x" + markdown.cell(text) + "x")[1:2]
        assert "".join(child.content for child in paragraph.children) == f"x{text}x"


class TestUnreadable:
    def test_no_folder(self, tmp_path):
        with pytest.raises(UnreadableRun, match=r"has no provenance.json"):
            model.load(tmp_path)

    def test_no_footer(self, tmp_path):
        (tmp_path / "provenance.json").write_text(json.dumps({"format": 1}))
        with pytest.raises(UnreadableRun, match=r"is incomplete.*--incomplete"):
            model.load(tmp_path)
        assert model.load(tmp_path, incomplete=True).cells.empty
