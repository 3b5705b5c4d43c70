"""What a stranger reads of a run: four words, a block a rule, nothing cut."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console
from runfolders import described, footer_of, implementation, provenance_of

from optimizer_conformance.cases.case import MODES
from optimizer_conformance.cases.situations import SITUATIONS
from optimizer_conformance.cli.console import Spoken, json_text
from optimizer_conformance.questions import attempted
from optimizer_conformance.questions.stated import rules_of, stated
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import exported, markdown, model, modes, terminal, told
from optimizer_conformance.reports.bearings import bearings
from optimizer_conformance.reports.blocks import Folded, chapters
from optimizer_conformance.reports.extents import Extent
from optimizer_conformance.reports.paragraphs import Words, things
from optimizer_conformance.reports.records import About, Cell, unmade
from optimizer_conformance.reports.store import Run
from optimizer_conformance.reports.text import typeset
from optimizer_conformance.reports.verdicts import Conduct

FINE = Cell(
    implementation="torch:Adam", adapter="torch", version="2.13", device="cpu",
    variant="torch-adam", relation="claimed", features="", dtype="float32", mode="trajectory",
    regime="wide", case="adam/float32/…", verdict="rounding", score=0.5, ulp=0.4,
)  # fmt: skip
WRONG = replace(FINE, verdict="deviates", cause="rule", why="epsilon is inside", deviates=1)
DOUBLE = replace(FINE, dtype="float64")
REASON = ("epsilon hat", "docs/findings/hat.md")  # and where more is said


def run_of(cells, folder, reasons=None, missing=None):
    known = reasons or {}
    said = {name: why for name, (why, _) in known.items()}
    links = {name: link for name, (_, link) in known.items()}
    run = Run(folder, provenance_of(reasons=said, links=links))
    names = list(dict.fromkeys(cell.implementation for cell in cells))
    about = About(
        description=described("torch", [implementation(name) for name in names]), complete=True
    )
    run.add("torch", about, cells)
    for name, absent in (missing or {}).items():
        run.add(name, absent)
    run.finish(footer_of())
    return model.load(folder)


def judged(cells, folder, **more):
    (item,) = bearings(run_of(cells, folder, **more))
    return item


def shown(data, width=80, *, terminal_there=True, **more):
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal_there, color_system=None
    )
    terminal.show(data, console, rules=rules_of(data), **more)
    return console.file.getvalue()


class TestSentences:
    """What commands say beside their tables."""

    def said(self, text, width=30, *, terminal_there=True, **how):
        console = Spoken(
            file=io.StringIO(),
            width=width,
            force_terminal=terminal_there,
            color_system=None,
            highlight=False,
            emoji=False,
        )
        console.print(text, **how)
        return console.file.getvalue().splitlines()

    def test_they_break_between_words_and_nothing_long_is_cut(self):
        path = "runs/a-folder-with-a-name-longer-than-the-line/index.md"
        assert self.said(f"[red]wrote[/] 12 files; {path} lists all of them here") == [
            "wrote 12 files;",
            f"  {path}",
            "  lists all of them here",
        ]

    def test_a_line_of_its_own_keeps_its_indent(self):
        assert self.said("one\n  two and more and more and more words") == [
            "one",
            "  two and more and more and",
            "    more words",
        ]

    def test_nothing_breaks_where_nobody_sees_columns(self):
        text = "many words " * 30
        assert self.said(text, terminal_there=False) == [text]

    def test_brackets_are_markup_only_where_they_are_meant_to_be(self):
        assert self.said("torch:SGD[foreach] is here", markup=False) == [
            "torch:SGD[foreach] is here"
        ]


class TestWords:
    def test_inside_the_bound_it_follows(self, tmp_path):
        assert judged([FINE, DOUBLE], tmp_path / "run").conduct is Conduct.follows

    def test_a_rule_departed_from_in_every_set_of_options_is_another_rule(self, tmp_path):
        item = judged([WRONG, DOUBLE], tmp_path / "run")
        assert item.conduct is Conduct.another
        assert [(lapse.where, lapse.sentence) for lapse in item.lapses] == [
            ("in float32", "epsilon is inside")
        ]
        assert item.new

    def test_in_one_set_of_options_it_is_an_exception(self, tmp_path):
        decayed = replace(WRONG, features="weight_decay", variant="torch-adam-weight-decay")
        item = judged([FINE, decayed], tmp_path / "run")
        assert item.conduct is Conduct.excepted
        assert item.lapses[0].where == "with weight decay"

    @pytest.mark.parametrize(
        ("more", "where"),
        [
            ({"dtype": "float16"}, "in float16"),
            ({"regime": "non-finite"}, "with non-finite gradients"),
            ({"mode": "layout", "regime": "strided-33"}, "for strided parameters"),
        ],
    )
    def test_a_place_is_an_exception_and_is_named(self, tmp_path, more, where):
        bad = replace(WRONG, cause="place", **more)
        both = [bad] if "dtype" in more else [bad, replace(bad, dtype="float64")]
        item = judged([FINE, DOUBLE, *both], tmp_path / "run")
        assert item.conduct is Conduct.excepted
        assert item.lapses[0].where == where

    def test_what_is_known_is_said_with_its_reason_and_its_link(self, tmp_path):
        known = replace(WRONG, expectation="hat")
        item = judged([known, DOUBLE], tmp_path / "run", reasons={"hat": REASON})
        (lapse,) = item.lapses
        assert (lapse.sentence, lapse.link) == ("epsilon hat", "docs/findings/hat.md")
        assert not item.new

    @pytest.mark.parametrize("verdict", ["ill-posed", "unsupported"])
    def test_what_no_cell_decides_is_not_decided(self, tmp_path, verdict):
        item = judged([replace(FINE, verdict=verdict)], tmp_path / "run")
        assert item.conduct is Conduct.undecided
        assert item.why

    def test_errors_alone_decide_nothing(self, tmp_path):
        item = judged([replace(FINE, verdict="crash", why="it ended")], tmp_path / "run")
        assert (item.conduct, item.why) == (Conduct.undecided, "it ended")

    def test_without_a_document_the_rule_that_it_computes_is_found(self, tmp_path):
        other = replace(FINE, relation="other")
        wrong = replace(WRONG, relation="other", variant="keras-adam", cause="")
        item = judged([other, wrong], tmp_path / "run")
        assert item.conduct is Conduct.undecided
        assert item.also == ("torch-adam",)

    def test_a_kind_of_case_is_told_in_words(self, tmp_path):
        bad = replace(WRONG, cause="place", mode="rate-change", expectation="hat")
        item = judged([FINE, DOUBLE, bad], tmp_path / "run", reasons={"hat": REASON})
        assert item.lapses[0].where == "where the learning rate changes"
        assert set(modes.WHERE) == set(MODES)


class TestBlocks:
    def test_modes_with_one_result_are_one_line(self, tmp_path):
        modes = [replace(FINE, implementation=f"torch:Adam{mode}") for mode in ("", "[a]", "[b]")]
        data = run_of([*modes, replace(WRONG, implementation="torch:Adam[c]")], tmp_path / "run")
        (chapter,) = chapters(bearings(data), rules_of(data))
        assert [line.name for line in chapter.blocks[0].lines] == [
            "torch:Adam [a] [b]", "torch:Adam[c]",
        ]  # fmt: skip

    def test_documents_of_one_rule_are_one_block(self):
        rules = stated(["torch-adam", "jax-adam", "keras-adam"])
        assert rules["torch-adam"].key == rules["jax-adam"].key != rules["keras-adam"].key
        assert rules["torch-adam"].title == "adam, epsilon outside the root"
        assert rules["keras-adam"].title == "adam, epsilon hat"

    def test_no_two_rules_have_one_title(self):
        rules = {rule.key: rule for rule in stated(VARIANTS).values()}.values()
        assert len({rule.title for rule in rules}) == len(rules)

    def test_a_device_is_named_unless_it_is_the_host(self, tmp_path):
        data = run_of([replace(FINE, device="cuda:0")], tmp_path / "run")
        assert Folded(bearings(data)).name == "torch:Adam (cuda:0)"


class TestTerminal:
    def test_the_headline_counts_each_word_and_says_what_cannot_run(self, tmp_path):
        cells = [FINE, replace(WRONG, implementation="torch:NAdam")]
        text = shown(
            run_of(cells, tmp_path / "run", missing={"cupy": About(failure="no CUDA here")})
        )
        assert "1 follows\n" in text
        assert "1 computes another rule: 1 of them new" in text
        assert "cupy cannot run: no CUDA here" in text

    def test_a_mark_stays_on_the_line_of_the_name_that_it_marks(self, tmp_path):
        text = shown(run_of([FINE, WRONG], tmp_path / "run"), width=40)
        assert not [line for line in text.splitlines() if line.endswith(("●", "◐", "○"))]
        words = Console(file=io.StringIO(), width=20, force_terminal=True, color_system=None)
        Words(words).say("twelve letters: ● torch:Adam")
        assert words.file.getvalue().splitlines() == ["twelve letters:", "● torch:Adam"]

    def test_what_is_not_made_is_one_line(self, tmp_path):
        missing = {name: About(failure=unmade(name), unmade=True) for name in "ab"}
        text = shown(run_of([FINE], tmp_path / "run", missing=missing), width=200)
        assert f"2 more adapters cannot run: {unmade('a', 'b')}" in text

    def test_a_block_has_its_formula(self, tmp_path):
        text = shown(run_of([FINE], tmp_path / "run"), width=200)
        assert "w′ = w - lr·m′/((1 - β₁^t)·(ε + √(v′/(1 - β₂^t))))" in text

    def test_a_sentence_is_said_once(self, tmp_path):
        known = replace(WRONG, expectation="hat")
        other = replace(known, variant="keras-adam", implementation="torch:Other")
        data = run_of([known, other], tmp_path / "run", reasons={"hat": REASON})
        text = shown(data)
        assert text.count("epsilon hat (docs/findings/hat.md)") == 1
        assert "(see hat)" in text

    @pytest.mark.parametrize("width", [20, 60, 80, 120])
    def test_no_name_is_cut_at_any_width(self, tmp_path, width):
        long = "torch:" + "averylongnamespace." * 4 + "Adam[capturable=True]"
        known = replace(WRONG, expectation="hat", implementation=long)
        text = shown(run_of([known, FINE], tmp_path / "run", reasons={"hat": REASON}), width)
        assert long in text
        assert "docs/findings/hat.md" in text

    def test_without_a_terminal_each_record_is_a_line(self, tmp_path):
        names = [f"torch:Adam{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
        data = run_of([replace(FINE, implementation=name) for name in names], tmp_path / "run")
        text = shown(data, terminal_there=False)
        (line,) = (line for line in text.splitlines() if "  ● " in line)
        assert all(name in line for name in names)

    def test_short_fields_of_a_record_share_a_line_and_long_ones_have_their_own(self):
        paper = Console(file=io.StringIO(), width=50, force_terminal=True, color_system=None)
        long = "a sentence that is longer than what shares"
        row = ("a name of fifty columns" * 2, "1,024", long, "33.4 ns", "5%", "60 of hundred")
        things(paper, ("what", "size", "why", "median", "±", "aim"), [row])
        assert [line.rstrip() for line in paper.file.getvalue().splitlines()] == [
            row[0],
            "  size: 1,024",
            f"  why: {long}",
            "  median: 33.4 ns; ±: 5%; aim: 60 of hundred",
        ]

    def test_a_large_run_fits_120_lines_of_80_columns_and_keeps_each_finding_and_formula(
        self, tmp_path
    ):
        names = [name for name, variant in VARIANTS.items() if not variant.features][::5]
        cells, reasons = [], {}
        for number, name in enumerate(names):
            own = [f"framework:optimizers.{name}[{mode}]" for mode in ("a", "b")]
            reasons[name] = (f"{name} {'for a long reason ' * 8}"[:-1], f"docs/findings/{name}.md")
            kind = {"variant": name, "dtype": "float16"}
            cells += [replace(FINE, implementation=item, variant=name) for item in own]
            if number % 3 == 0:
                cells += [replace(WRONG, implementation=own[0], expectation=name, **kind)]
        data = run_of(cells, tmp_path / "run", reasons=reasons)
        text = shown(data)
        assert len(names) > 30
        assert len(text.splitlines()) <= 120
        departing = {cell.variant for cell in cells if cell.expectation}
        assert all(f"{name}:" in text or f"{name}.md" in text for name in departing)
        assert text.count("′ = ") >= len(departing) / 2

    def test_findings_apart_say_who_and_where_once(self, tmp_path):
        known = replace(WRONG, expectation="hat", implementation="torch:A")
        other = replace(known, implementation="torch:B", variant="keras-adam")
        fresh = replace(WRONG, implementation="torch:C", why="it is new")
        cells = [
            item
            for cell in (known, other, fresh)
            for item in (cell, replace(cell, dtype="float64", verdict="exact"))
        ]
        data = run_of(cells, tmp_path / "run", reasons={"hat": REASON})
        there = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
        stated = list(chapters(bearings(data), rules_of(data)))
        told.chapters(stated, Words(there), Extent(inside=False), long=False)
        text = there.file.getvalue()
        assert " epsilon hat (docs/findings/hat.md): torch:A, torch:B in float32\n" in text
        assert text.count("torch:A") == text.count("torch:B") == 2
        assert "○ torch:C computes another rule in float32: it is new (new)" in text

    def test_scores_and_options_are_for_those_who_ask(self, tmp_path):
        data = run_of([FINE], tmp_path / "run")
        assert "ulp" not in shown(data)
        assert "plain: rounding, 0.50 of the bound, 0.40 ulp, 1 cells" in shown(data, long=True)

    def test_what_is_new_comes_with_the_commands_that_show_it_again(self, tmp_path):
        text = shown(run_of([WRONG], tmp_path / "run"))
        assert "conformance run --implementation 'torch:Adam' --case 'adam/float32/…'" in text


def test_things_of_which_the_same_is_said_share_a_record_when_narrow():
    narrow = Console(file=io.StringIO(), width=20, force_terminal=True, color_system=None)
    rows = [
        ("torch:Adam[foreach]", "float32"),
        ("torch:SGD", "float16"),
        ("torch:AdamW", "float32"),
    ]
    things(narrow, ("implementation", "dtypes"), rows)
    assert narrow.file.getvalue().splitlines() == [
        "torch:Adam[foreach],", "  torch:AdamW", "  dtypes: float32",
        "torch:SGD", "  dtypes: float16",
    ]  # fmt: skip


def test_tables_are_made_in_one_place_in_which_no_name_is_cut():
    top = Path(__file__).parents[1]
    found = {
        path.stem
        for folder in ("conformance", "reports")
        for path in (top / folder).rglob("*.py")
        if "rich.table" in path.read_text(encoding="utf-8")
    }
    # The others keep names whole, and tests of theirs say so.
    assert found == {"paragraphs", "claim_power", "sentence_ledger", "narrow"}


def test_formulas_have_the_signs_that_people_write():
    assert typeset("vmax' = Max(vmax, beta_2*v)") == "v̂′ = max(v̂, β₂·v)"
    assert typeset("w' = w - lr*eps_rate") == "w′ = w - lr·eps_rate"
    assert typeset("u' = Max(beta_3*u, Abs(g'))^2/mu_t") == "u′ = max(β₃·u, |g′|)²/μₜ"
    assert typeset("x*mu_{t+1}^20") == "x·μ_{t+1}^20"


class TestMarkdown:
    def test_it_has_at_most_60_lines_and_20_kilobytes(self, tmp_path):
        names = [name for name, variant in VARIANTS.items() if not variant.features]
        cells = [
            replace(WRONG, implementation=f"torch:{name}{index}", variant=name, why=f"{name} {why}")
            for index, name in enumerate(names)
            for why in ("is elsewhere" * 30, "is not")
        ]
        data = run_of(cells, tmp_path / "run")
        text = markdown.render(data, rules_of(data))
        assert len(text.splitlines()) <= 60
        assert len(text.encode()) <= 20_000
        assert "more." in text

    def test_a_rule_has_its_formula_and_who_follows_it(self, tmp_path):
        data = run_of([FINE], tmp_path / "run")
        text = markdown.render(data, rules_of(data))
        assert "adam, epsilon outside the root: m′" in text
        assert "torch:Adam" in text


def test_what_was_tried_is_said_once_for_all_implementations(tmp_path):
    case = "adam/float32/trajectory/beta1=0.9,decay=0.9,epsilon=1e-8,learning_rate=0.01/4x7/1"
    cells = [replace(FINE, case=case, bits="1", implementation=f"torch:{n}") for n in "AB"]
    cells[1] = replace(cells[1], case=case.replace("4x7", "9x7"), dtype="float32")
    data = run_of(cells, tmp_path / "run")
    tried, left = attempted.lines(data)
    assert tried.startswith("tried: up to 9 steps, up to 7 elements; options: plain;")
    assert f"of {len(SITUATIONS)} situations" in tried
    assert "long-run" in left
    assert left.endswith("which, and why: --long")
    full, reasons = attempted.lines(data, long=True)
    assert "first-steps" in full
    assert attempted.NARROWED in reasons
    assert attempted.content(data)["torch:A"]["steps"] == 4
    assert tried in shown(data, width=2000, tried=(tried, left))


def test_of_a_run_without_a_comparison_nothing_is_said_to_be_tried(tmp_path):
    assert attempted.lines(run_of([], tmp_path / "run")) == ()


class TestJson:
    SCHEMA = Path(__file__).parents[1] / "docs" / "report.schema.json"

    def test_the_schema_is_published(self):
        # python -m optimizer_conformance.reports.exported > docs/report.schema.json
        assert self.SCHEMA.read_text(encoding="utf-8") == exported.printed()

    def test_a_report_fits_it(self, tmp_path):
        import jsonschema

        known = replace(WRONG, expectation="hat", implementation="torch:Other", score=math.inf)
        data = run_of(
            [FINE, known, replace(FINE, relation="other", variant="jax-adam")],
            tmp_path / "run",
            reasons={"hat": REASON},
            missing={"cupy": About(failure="no CUDA here")},
        )
        content = json.loads(json_text(exported.content(data, attempted.content(data))))
        jsonschema.validate(content, json.loads(self.SCHEMA.read_text(encoding="utf-8")))
        rows = {row["implementation"]: row for row in content["implementations"]}
        assert rows["torch:Adam"]["also"] == ["jax-adam"]
        assert rows["torch:Other"]["lapses"][0]["link"] == "docs/findings/hat.md"
        assert rows["cupy"]["conduct"] == "unavailable"
