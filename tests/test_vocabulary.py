"""The words: one table of verdicts, which the documents and everything else repeat."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest
from test_house import SOURCES

from optimizer_conformance.questions.verify.registry import VERDICTS
from optimizer_conformance.reports import verdicts
from optimizer_conformance.reports.verdicts import Verdict, of_many

TOP = Path(__file__).parents[1]
PAGE = (TOP / "docs" / "verdicts.md").read_text(encoding="utf-8")
# Words that mean nothing else here.
OWN = {"deviates", "ill-posed", "timeout", "crash", "unavailable", "undocumented", "unsupported"}


class TestVerdicts:
    def test_every_word_has_its_meaning_and_the_page_says_the_same(self):
        rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, re.M))
        stated = {word: text for word, text in rows.items() if word in verdicts.ORDER}
        assert stated == {str(word): word.meaning.words for word in Verdict}

    def test_the_page_states_the_order(self):
        order = ", ".join(f"`{word}`" for word in verdicts.ORDER)
        assert order in " ".join(PAGE.split())

    def test_elements_and_cases_are_ordered_from_agreement_to_no_answer(self):
        assert verdicts.AGREES == ("exact", "rounding", "representation", "range")
        assert verdicts.FAILS == ("deviates", "error", "timeout", "crash")
        assert [str(word) for word in verdicts.OF_ELEMENTS] == [
            "exact", "rounding", "representation", "range", "ill-posed", "deviates",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("many", "one"),
        [
            (["exact", "crash", "deviates"], "crash"),
            (["deviates", "error"], "error"),
            (["exact", "range", "ill-posed", "rounding"], "rounding"),
            (["exact", "unsupported"], "exact"),
            (["range", "ill-posed"], "ill-posed"),
            (["unsupported"], "unsupported"),
            ([], "unavailable"),
        ],
    )
    def test_many_come_to_the_worst_that_tells_something(self, many, one):
        assert str(of_many(many)) == one

    @pytest.mark.parametrize("name", SOURCES)
    def test_no_other_module_has_a_table_of_them(self, name):
        if name == "reports.verdicts":
            return
        for node in ast.walk(ast.parse(SOURCES[name].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                parts = node.elts
            elif isinstance(node, ast.Dict):
                parts = [part for part in node.keys if part]
            else:
                continue
            words = {part.value for part in parts if isinstance(part, ast.Constant)}
            assert len(words & OWN) < 2, f"{name}, line {node.lineno}"

    def test_what_claims_come_to_is_one_table_too(self):
        assert set(verdicts.CLAIM_TONES) == set(VERDICTS)


GLOSSARY = (TOP / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([a-z][\w -]*) \| (.*) \| `([\w.]+)` \|$", GLOSSARY, re.M)
SHARED = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", GLOSSARY, re.M))


@functools.cache
def classes():
    """The modules of each public class."""
    found = {}
    for name, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, set()).add(name)
    return found


class TestGlossary:
    def test_no_word_has_two_meanings(self):
        words = [word for word, _, _ in ROWS]
        assert len(words) > 50
        assert sorted(words) == sorted(set(words))
        assert len({meaning for _, meaning, _ in ROWS}) == len(words)

    @pytest.mark.parametrize(("word", "place"), [(word, place) for word, _, place in ROWS])
    def test_what_a_word_names_is_there(self, word, place):
        module, _, name = place.rpartition(".")
        if name[:1].islower():
            assert place in SOURCES, word
        else:
            assert module in classes()[name], word

    def test_a_class_name_is_one_modules_or_explained(self):
        several = {name: modules for name, modules in classes().items() if len(modules) > 1}
        rooms = {
            name: sorted({module.partition(".")[0] for module in modules})
            for name, modules in several.items()
        }
        assert rooms == {name: re.findall(r"`(\w+)`", said) for name, said in SHARED.items()}

    def test_a_session_is_an_adapters(self):
        named = {name for name in SOURCES if "session" in name}
        named |= {m for name, modules in classes().items() if "Session" in name for m in modules}
        assert {name.partition(".")[0] for name in named} == {"adapters"}

    @pytest.mark.parametrize("word", ["examin", "interview", "inquir", "inspection", "questioning"])
    def test_riddles_are_gone(self, word):
        names = {*SOURCES, *classes()}
        assert [name for name in names if word in name.lower()] == []
