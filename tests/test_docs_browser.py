"""The documentation in a real Chromium, from disk: `nox -s docs`, then `nox -s browser`.

``python tests/test_docs_browser.py`` prints what is found page by page.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parents[1] / "build" / "site"
CHROMIUM = os.environ.get("CONFORMANCE_CHROMIUM") or shutil.which("chromium")
SERIOUS = ("serious", "critical")
TALLEST = 20_000  # pixels of a page on a desktop: a screen shows some 900
SPLIT = ("support", "equivalence", "defaults")
SIZES = {"desktop": (1400, 900), "laptop": (1100, 700), "phone": (390, 844)}
# The sample is a report, which tests/test_web.py opens.
PAGES = sorted(
    name
    for name in (path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    if not name.startswith("sample/")
)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SAID = """[...document.querySelectorAll('.md-clipboard, [data-md-type=copy]')].map((item) =>
  item.dataset.clipboardText || document.querySelector(item.dataset.clipboardTarget)?.innerText
  || '')"""

pytestmark = pytest.mark.browser


def visits(playwright, names=PAGES):
    """Each page by its name, with everything that is wrong with it, its links and its places."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    page = browser.new_context().new_page()
    wrong = []
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    inside = ("file:", "data:", "blob:")
    page.on("request", lambda asked: asked.url.startswith(inside) or wrong.append(asked.url))
    for name in names:
        wrong.clear()
        page.emulate_media(color_scheme="light")
        for size, (wide, high) in SIZES.items():
            page.set_viewport_size({"width": wide, "height": high})
            if size == "desktop":
                page.goto((SITE / name).as_uri())
                tall = page.evaluate("document.documentElement.scrollHeight")
                if tall > TALLEST and name.startswith(SPLIT):
                    wrong.append(f"{tall} px high")
            if (over := page.evaluate(WIDER)) > 0:
                wrong.append(f"{over} px too wide on a {size}")
        wrong.extend(f"copies a prompt: {text}" for text in page.evaluate(SAID) if prompted(text))
        if axe := os.environ.get("AXE"):
            page.add_style_tag(content="* { transition: none !important }")  # colours on their way
            page.add_script_tag(path=axe)
            for size in ("phone", "desktop"):  # between both the layout is one of them
                page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
                wrong.extend(serious(page, scheme) for scheme in ("light", "dark"))
        yield (
            name,
            [text for text in wrong if text],
            page.evaluate("[...document.links].map((item) => item.href)"),
            set(page.evaluate("[...document.querySelectorAll('[id]')].map((item) => item.id)")),
        )
    browser.close()


def prompted(text):
    return text.lstrip().startswith("$ ")


def serious(page, scheme):
    """What axe-core finds, in one line; nothing where it finds nothing serious."""
    page.emulate_media(color_scheme=scheme)
    found = page.evaluate("axe.run({preload: false}).then((result) => result.violations)")
    return "; ".join(
        f"{scheme}: {item['id']} {item['nodes'][0]['html'][:160]}"
        for item in found
        if item["impact"] in SERIOUS
    )


def lost(found):
    """Links that lead to no page, or to no place in one."""
    places = {name: known for name, _, _, known in found}
    for name, _, links, _ in found:
        for address in sorted(set(links)):
            parts = urlsplit(address)
            path = Path(unquote(parts.path))
            if parts.scheme != "file":
                continue
            page = path.relative_to(SITE).as_posix() if path.is_relative_to(SITE) else ""
            place = unquote(parts.fragment)
            if not path.is_file() or (page in places and place and place not in places[page]):
                yield name, address


@pytest.fixture(scope="module")
def found():
    """Every page, visited once."""
    api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium here; CONFORMANCE_CHROMIUM names one")
    if not PAGES:
        pytest.skip("`nox -s docs` builds what is opened here")
    with api.sync_playwright() as playwright:
        return list(visits(playwright))


def test_no_page_complains_asks_the_network_overflows_or_fails_axe(found):
    assert {name: wrong for name, wrong, _, _ in found if wrong} == {}


def test_every_link_leads_to_a_page_and_a_place_in_it(found):
    assert list(lost(found)) == []


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        seen = []
        for one in visits(started, PAGES[:: int(sys.argv[1]) if sys.argv[1:] else 1]):
            seen.append(one)
            print(one[0], *one[1], sep="\n    ", flush=True)
    print("lost:", *lost(seen), sep="\n    ")
