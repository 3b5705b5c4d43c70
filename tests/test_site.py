"""The documentation site: generated pages, and that it needs nobody else."""

from __future__ import annotations

import doctest
import hashlib
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from optimizer_conformance.cli.commands import loaded
from optimizer_conformance.cli.tables import FACTS, MAP, PICTURES, documents
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import classes, facts, web
from optimizer_conformance.site import findings, front, hosts, library, splitting

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def kept():
    """The facts that the pages in the repository were made from."""
    return facts.read(DOCS / FACTS)


class TestPagesInTheRepository:
    def test_say_what_their_facts_say(self, kept):
        """`conformance tables pages RUN` writes them anew."""
        written = documents(kept, classes.read(DOCS / MAP))
        for name, text in written.items():
            assert (DOCS / name).read_text(encoding="utf-8") == text, name
        pictures = {path.relative_to(DOCS).as_posix() for path in (DOCS / PICTURES).iterdir()}
        assert pictures == {name for name in written if name.endswith(".svg")}

    def test_the_readme_says_of_how_many(self, kept):
        readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
        assert f"Of {len(kept.implementations)} of them" in readme

    @pytest.mark.parametrize(
        "adapter",
        [
            pytest.param("numpy", marks=pytest.mark.adapter("numpy")),
            pytest.param("torch", marks=pytest.mark.adapter("torch")),
        ],
    )
    def test_options_dtypes_state_and_defaults_are_those_of_the_installed_framework(
        self, kept, adapter
    ):
        from optimizer_conformance.adapters import protocol
        from optimizer_conformance.workers import environments
        from optimizer_conformance.workers.process import Worker

        written = {item.name: item for item in kept.implementations if item.adapter == adapter}
        with Worker(environments.locate(adapter).command) as worker:
            found = worker.hello().implementations
            assert {item.name for item in found} == set(written)
            for item in found:
                page = written[item.name]  # `conformance tables pages RUN` writes them anew
                assert page.options == ["+".join(sorted(listed)) for listed in item.features]
                assert page.dtypes == list(item.dtypes)
                assert page.state == item.state
                assert page.gaps == item.gaps
                assert page.undriven == item.undriven
                probed = worker.ask(protocol.Probe(item.name), protocol.Probed).defaults
                assert page.defaults == (probed if page.configurations else {})


class TestGeneratedPages:
    def test_every_documented_variant_has_its_equations_as_mathml_text_and_latex(self):
        pytest.importorskip("latex2mathml", reason="the extra `docs` brings it")
        from optimizer_conformance.site import formulas

        pages = dict(formulas.pages())
        text = "".join(pages.values())
        for name in VARIANTS:
            assert f"`{name}`" in text, name
        assert text.count("<math") >= 2 * len(VARIANTS)
        assert "v' = rho*v + g^2*(1 - rho)" in pages["formulas/keras.md"]
        assert r"\frac{" in text

    def test_every_command_has_its_options_and_examples(self):
        from optimizer_conformance.site import commands

        ((_, text),) = commands.pages()
        assert "## `conformance run`" in text
        assert "### `conformance tables support`" in text
        assert "$ conformance run --profile quick" in text
        assert "[bold]" not in text
        assert str(ROOT) not in text

    def test_every_finding_is_in_the_index(self):
        ((_, text),) = findings.pages(DOCS)
        for path in (DOCS / "findings").glob("*.md"):
            assert re.search(rf"\[[^]]+\]\({re.escape(path.name)}\)", text), path.name
        assert "TensorFlow 1" in text

    def test_the_library_page_has_signatures_and_words(self):
        ((_, text),) = library.pages()
        assert "class Rule(" in text
        assert "- **squares**: it gathers squares" in text
        assert "def rmspropupdate(" in text


def filled(text):
    """What the rows of a page's tables say; a page leaves out columns that it does not fill."""
    return {
        tuple(cell for cell in splitting.cells(line) if cell not in ("", "---"))
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("| implementation |")
    }


class TestSplitting:
    @pytest.mark.parametrize("name", splitting.LONG)
    def test_no_table_of_a_long_page_is_lost(self, name):
        text = (DOCS / name).read_text(encoding="utf-8")
        folder = name.removesuffix(".md") + "/"
        own = [page for path, page in splitting.pages(DOCS) if path.startswith(folder)]
        assert filled(text) == {row for page in own for row in filled(page.replace("](../", "]("))}

    @pytest.mark.parametrize("name", splitting.LONG)
    def test_no_page_has_a_table_that_nobody_scrolls(self, name):
        folder = name.removesuffix(".md") + "/"
        for path, page in splitting.pages(DOCS):
            if path.startswith(folder):
                bodies = [body for _, body in splitting.sections(page)] or [page]
                tables = [splitting.table(body) for body in bodies]
                assert max(map(len, tables)) <= splitting.LONGEST + 2, path

    def test_a_long_table_becomes_a_page_a_framework_and_counts(self, tmp_path):
        one = [f"| one:m.R{number} | ✓ |  | x |" for number in range(splitting.LONGEST)]
        head = ["| implementation | nesterov | ema | else |", "| --- | --- | --- | --- |"]
        table = "\n".join([*head, *one, "| two\\_b:R | ✓ | ✓ | y |"])
        text = f"# Title\n\nWords.\n\n## Options\n\nNote.\n\n{table}\n\n## Three\n\nx\n"
        for name in splitting.LONG:
            (tmp_path / name).write_text("# Title\n\n## A\n\nx\n", encoding="utf-8")
        (tmp_path / "support.md").write_text(text, encoding="utf-8")
        pages = dict(splitting.pages(tmp_path))
        assert [path for path in pages if path.startswith("support/")] == [
            "support/three.md",
            "support/one.md",
            "support/two-b.md",
        ]
        assert pages["support/two-b.md"] == (
            "# two\\_b\n\nPart of the [title](../support.md).\n\n## Options\n\nNote.\n\n"
            + "\n".join(head)
            + "\n| two\\_b:R | ✓ | ✓ | y |\n"
        )
        assert splitting.index("support.md", text).splitlines()[-10:] == [
            "- [Three](support/three.md)",
            "",
            "## Options",
            "",
            "Note.",
            "",
            "| framework | implementations | nesterov | ema |",
            "| --- | --- | --- | --- |",
            f"| [one](support/one.md) | {splitting.LONGEST} | {splitting.LONGEST} |  |",
            "| [two\\_b](support/two-b.md) | 1 | 1 | 1 |",
        ]

    def test_what_is_left_lists_every_section(self):
        text = "# Title\n\nWords.\n\n## One, two\n\n[a](b.md)\n\n## Three\n\nx\n"
        assert splitting.index("support.md", text) == (
            "# Title\n\nWords.\n\n- [One, two](support/one-two.md)\n- [Three](support/three.md)\n"
        )


class TestFrontPage:
    def test_it_has_a_row_for_each_implementation_of_the_sample_that_leaves_its_document(self):
        run = front.sample(DOCS)
        leaving = [row for row in run["rows"] if row["claimed"] and row["lapses"]]
        lines = front.departures(DOCS).splitlines()
        assert len(lines) - 2 == len(leaving) > 0
        assert front.PLACE in (DOCS / "index.md").read_text(encoding="utf-8")

    def test_the_programs_of_the_sample_are_those_that_a_report_writes_today(self):
        templates = ROOT / "reports" / "templates"
        for name in web.SHIPPED:
            source = templates / name if "/" in name else templates / "site" / name
            assert (DOCS / "sample" / name).read_bytes() == source.read_bytes(), name

    def test_the_libraries_of_a_report_are_the_pinned_ones_with_their_licences(self):
        folder = ROOT / "reports" / "templates" / "libraries"
        pins = tomllib.loads((folder / "libraries.toml").read_text(encoding="utf-8"))
        assert tuple(pins) == web.LIBRARIES
        for name, pin in pins.items():
            program = (folder / f"{name}.min.js").read_bytes()
            assert hashlib.sha256(program).hexdigest() == pin["sha256"], name
            assert pin["package"].rpartition("@")[2].encode() in program[:200], name
            assert "ermission" in (folder / f"{name}.license.txt").read_text(encoding="utf-8")

    def test_without_a_sample_there_is_no_table(self, tmp_path):
        assert front.departures(tmp_path) == ""


def commands_shown():
    """Every command line that a page shows, with the page's name."""
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]:
        for found in re.finditer(
            r"^ *\$ (conformance .+)$", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            yield pytest.param(found[1], id=f"{path.stem}: {found[1][:60]}")


class TestWhatPagesShow:
    @pytest.mark.parametrize("line", [*commands_shown()])
    def test_every_command_exists_with_these_options(self, line):
        command = loaded()
        words = shlex.split(line)[1:]
        context = typer.Context(command, info_name="conformance")
        while hasattr(command, "commands"):
            command, words = command.commands[words[0]], words[1:]
        command.make_context("conformance", list(words), parent=context)

    @pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
    def test_python_sessions_print_what_stands_there(self, path):
        text = "\n".join(
            re.findall(r"^```pycon\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        )
        test = doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)
        assert doctest.DocTestRunner().run(test).failed == 0

    def test_the_authors_mistake_is_told_and_its_correction_agrees(
        self, conformance, tmp_path, monkeypatch
    ):
        page = (DOCS / "tutorials" / "author.md").read_text(encoding="utf-8")
        (code,) = re.findall(r"^`mine.py`:\n\n```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        monkeypatch.chdir(tmp_path)
        wrong, right = "(np.sqrt(average) + epsilon)", "np.sqrt(average + epsilon)"
        assert wrong in code
        Path("mine.py").write_text(code)
        done = conformance("audit", "mine.py:update", "--like", "keras-rmsprop")
        assert done.returncode == 1
        told = done.stdout.splitlines()
        assert told[1] in page
        Path("mine.py").write_text(code.replace(wrong, right))
        done = conformance("audit", "mine.py:update", "--like", "keras-rmsprop")
        assert done.returncode == 0
        assert done.stdout.splitlines()[0] in page


class TestHosts:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.html", '<script src="https://cdn.example/x.js"></script>'),
            ("a.html", '<link rel="stylesheet" href="//fonts.example/css">'),
            ("a.html", '<img src=" https://example.org/badge.svg">'),
            ("a.html", "<style>@import 'https://example.org/x.css'</style>"),
            ("a.html", '<p style="background:url(https://example.org/x.png)">'),
            ("a.css", "a{background:url(https://example.org/x.png)}"),
            ("a.js", 'load("https://unpkg.example/x.js")'),
            ("a.svg", '<image href="https://example.org/x.png"/>'),
        ],
    )
    def test_what_is_loaded_from_elsewhere_is_found(self, tmp_path, capsys, name, text):
        (tmp_path / "index.html").write_text("")
        (tmp_path / name).write_text(text)
        assert hosts.main(tmp_path) == 1
        assert name in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.html", '<a href="https://example.org">a link is for whoever clicks it</a>'),
            ("a.html", '<link rel="canonical" href="https://example.org/"><img src="a.png">'),
            ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
            ("a.css", "a{background:url(data:image/png;base64,AA//BB)}"),
        ],
    )
    def test_what_is_not_loaded_is_no_matter(self, tmp_path, name, text):
        (tmp_path / "index.html").write_text("")
        (tmp_path / name).write_text(text)
        assert hosts.main(tmp_path) == 0

    def test_a_folder_without_a_site_is_said(self, tmp_path):
        assert hosts.main(tmp_path) == 2


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("material", reason="the extra `docs` brings MkDocs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


class TestSite:
    def test_needs_no_other_host(self, site):
        assert list(hosts.elsewhere(site)) == []

    def test_has_every_page_of_the_folder(self, site):
        for path in DOCS.rglob("*.md"):
            name = path.relative_to(DOCS).with_suffix(".html")
            assert (site / name).is_file(), name

    def test_links_lead_to_files_so_that_it_opens_from_disk(self, site):
        for path in site.rglob("*.html"):
            if "sample" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            for address in re.findall(r"<a [^>]*href=\"?([^\" >]+)", text):
                place = address.partition("#")[0]
                if place and not re.match(r"[a-z]+:", place) and path.name != "404.html":
                    assert (path.parent / place).is_file(), (path.name, address)

    def test_the_report_that_it_shows_is_whole(self, site):
        for path in (DOCS / "sample").rglob("*.*"):
            shown = site / "sample" / path.relative_to(DOCS / "sample")
            assert shown.read_bytes() == path.read_bytes()

    def test_draws_formulas_without_a_script(self, site):
        page = (site / "formulas" / "torch.html").read_text(encoding="utf-8")
        assert len(re.findall(r"<math[ >]", page)) > 20
        assert "mathjax" not in page.lower()
