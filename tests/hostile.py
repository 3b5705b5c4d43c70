"""A run folder whose every name and text is somebody else's, and what each format may not carry."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import strategies
from markdown_it import MarkdownIt
from rich.console import Console
from runfolders import described, footer_of, implementation, provenance_of

from optimizer_conformance.reports import (
    badge,
    findings,
    html,
    junit,
    markdown,
    model,
    sarif,
    terminal,
    workflow,
)
from optimizer_conformance.reports.records import About, Cell
from optimizer_conformance.reports.store import Run
from optimizer_conformance.reports.text import visible

GITHUB = MarkdownIt("gfm-like")
ATTACKS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload='x'>", "&lt;b&gt;",
    "[click](https://evil.example)", "![x](https://evil.example/i.png)", "https://evil.example/a",
    "www.evil.example", "mail@evil.example", "@somebody", "mailto:mail@evil.example", "a | b | c",
    "`code`", "``` fence", "*bold* _it_ ~~gone~~", "# head", "- item", "1. item", "> quote", "---",
    "[ref]: https://evil.example", "first\n\n# second", "first\r\nsecond", "\\", "\\\\", "a\\",
    "\x1b[31mred\x1b[0m", "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "\x9b31m", "\x07\x08",
    "[red]x[/red]", "[/]", "[link=https://evil.example]x[/link]", ":warning:", "\\[red]",
    "]]>", "<![CDATA[x]]>", "<?xml?>", "<!-- x -->", "&amp;", "&#60;b", "\x00", "\x0b", "\ufffe",
    "\ud800", "\u202egnp.exe", "\u2028", "::error::x", "::set-output name=x::y", "%0A::error::x",
    "{0}", "{{x}}", "{% raw %}", "{{ 7 * 7 }}", "=1+1", "@SUM(1)", "+1", "-1+1", "$x$",
    "${{ secrets.X }}", "-@SUM(1)",
    "'; DROP TABLE x", "a, b", "x:y", "javascript:alert(1)", "data:text/html,x", "../../etc/passwd",
)  # fmt: skip
TEXTS = strategies.one_of(
    strategies.sampled_from(ATTACKS),
    strategies.text(
        alphabet=strategies.sampled_from("<>[]()|`*_~#!&;:@/\\\"'{}%=+-.w \n\r\t\x1b\x00\u202eaé"),
        min_size=1,
        max_size=12,
    ),
    strategies.lists(strategies.sampled_from(ATTACKS), min_size=2, max_size=3).map("".join),
).map(lambda text: f"x{text}y" if not visible(text).strip() else text)
FIELDS = (
    "implementation", "adapter", "version", "device", "variant", "features", "dtype", "mode",
    "regime", "case", "quantity", "element", "observed", "expected", "nearest", "why",
    "expectation", "reason", "failure", "flag", "platform", "message", "file",
)  # fmt: skip
COLUMNS = FIELDS[: FIELDS.index("reason")]
WORDS = strategies.lists(TEXTS, min_size=len(FIELDS), max_size=len(FIELDS)).map(tuple)
HARMLESS = tuple(f"harmless{index}" for index in range(len(FIELDS)))


def storable(text):
    """Arrow and UTF-8 hold no lone surrogates: what writes a run cannot keep them."""
    return text.encode("utf-8", "replace").decode()


def run_of(words, folder):
    """A run folder with three cells: one unexpected, one known, one that agrees."""
    named = dict(zip(FIELDS, map(storable, words), strict=True))
    named["expectation"] = named["expectation"].replace(",", "")  # identifiers hold none
    texts = {name: named[name] for name in COLUMNS}
    common = {"relation": "claimed", "score": 2.0, "ulp": 3.0, "step": 1}
    unexpected = Cell(**{**common, **texts, "verdict": "deviates", "expectation": ""})
    known = Cell(**{**common, **texts, "verdict": "deviates", "variant": "other"})
    agrees = Cell(**{**common, **texts, "verdict": "exact", "variant": "third"})
    run = Run(
        folder,
        provenance_of(
            started=named["platform"],
            platform=named["platform"],
            reasons={named["expectation"]: named["reason"]},
        ),
    )
    description = described(
        "one",
        [implementation(named["implementation"], claims=[named["variant"]], documentation="x")],
        versions={named["version"]: named["version"]},
        devices={named["device"]: named["device"]},
        flags={named["flag"]: named["flag"]},
    )
    run.add("one", About(description=description), [unexpected, known, agrees])
    run.add("two", About(failure=named["failure"]))
    finding = {
        "adapter": named["adapter"],
        "implementation": named["implementation"],
        "device": named["device"],
        "variant": named["variant"],
        "message": named["message"],
        "file": named["file"],
        "case": named["case"],
    }
    kinds = ("introduced", "changed", "gone", "stale", "overdue", "missing")
    run.finish(footer_of(findings=[{"kind": kind, **finding} for kind in kinds]))
    return model.load(folder)


class Tags(HTMLParser):
    """Counts what a browser would see."""

    def __init__(self, page):
        super().__init__()
        self.seen = Counter()
        self.attributes = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_comment(self, data):
        self.seen["<!--"] += 1

    def handle_pi(self, data):
        self.seen["<?"] += 1


def html_structure(data):
    tags = Tags(html.render(data))
    return tags.seen, tags.attributes


def kinds_of(tokens):
    for token in tokens:
        if token.type not in ("text", "text_special"):
            yield token.type
        yield from kinds_of(token.children or ())


def markdown_structure(data):
    return [
        Counter(kinds_of(GITHUB.parse(text)))
        for text in (markdown.render(data), markdown.brief(data))
    ]


def junit_structure(data):
    return Counter(element.tag for element in ElementTree.fromstring(junit.render(data)).iter())


def paths(content, path=""):
    """Every place of a JSON document, without what stands there."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from paths(value, f"{path}.{name}")
    elif isinstance(content, list):
        for value in content:
            yield from paths(value, f"{path}[]")
    else:
        yield path


LIVE = re.compile(r"(?<!\\)(?:\\\\)*[\[\]]|(?<!\{)(?:\{\{)*\{(?!\{)")


def sarif_structure(data):
    content = json.loads(sarif.render(data), parse_constant=lambda name: 1 / 0)
    for result in content["runs"][0]["results"]:
        texts = [result["message"]["text"]]
        texts += [item["justification"] for item in result.get("suppressions", ())]
        for text in texts:
            assert not LIVE.search(text), text
            assert "\x1b" not in text
        for place in result["locations"]:
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri), uri
    return Counter(paths(content))


def terminal_structure(data):
    stream = io.StringIO()
    console = Console(file=stream, width=200, force_terminal=True, color_system="truecolor")
    terminal.show(data, console)
    terminal.findings(findings.recorded(data), console)
    left = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())  # rich's own colours
    assert not [mark for mark in left if not mark.isprintable() and mark != "\n"]
    return set()


def workflow_structure(data):
    lines = workflow.render(data).split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert re.fullmatch(r"::(error|warning) file=[^:,]*,line=\d+,title=[^:,]*::[^\r\n]*", line)
        assert not set(map(ord, line)) & set(range(32))
    return len(lines)


FORMULA = re.compile(r"[=+@]|-(?![\d.e+-]*$|inf$)")  # a negative number is none


def csv_structure(data):
    rows = list(csv.reader(io.StringIO(model.csv(data))))
    assert not [cell for cell in itertools.chain(*rows) if FORMULA.match(cell)]
    return [len(row) for row in rows]


def badge_structure(data):
    return set(json.loads(badge.render(data)))


STRUCTURES = {
    "html": html_structure,
    "markdown": markdown_structure,
    "junit": junit_structure,
    "sarif": sarif_structure,
    "terminal": terminal_structure,
    "workflow": workflow_structure,
    "csv": csv_structure,
    "badge": badge_structure,
}


def attacks_from(start):
    """An attack in each field, another one in each."""
    return tuple(ATTACKS[(start + place) % len(ATTACKS)] for place in range(len(FIELDS)))


def compare(words, harmless, folder):
    """Each format has the structure that harmless names give it."""
    data = run_of(words, folder)
    for name, structure in STRUCTURES.items():
        assert structure(data) == structure(harmless), name
