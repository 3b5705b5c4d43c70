"""How fast the site of a large run opens and filters: ``python tests/large_site.py`` prints it.

300 implementations of 60 rules, 100,000 cells, in a real Chromium from disk.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace
from playwright.sync_api import sync_playwright
from runfolders import described, footer_of, implementation, provenance_of

from optimizer_conformance.questions.exhibits import exhibits
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import model, web
from optimizer_conformance.reports.records import About, Cell
from optimizer_conformance.reports.store import Run

RULES, IMPLEMENTATIONS, CELLS = 60, 300, 334
TIMES = 7
BASE = Cell(
    implementation="", adapter="fake", version="1", device="cpu", variant="", relation="claimed",
    features="", dtype="float32", mode="injected", regime="wide", case="", verdict="rounding",
    score=0.5, ulp=0.4, rounding=35,
)  # fmt: skip
WRONG = {
    "verdict": "deviates", "cause": "rule", "why": "epsilon is elsewhere", "deviates": 3, "step": 1,
}  # fmt: skip
TYPED = """async text => {
  const field = document.querySelector('input[type=search]');
  const began = performance.now();
  field.value = text;
  field.dispatchEvent(new Event('input'));
  await new Promise(then => new MutationObserver(then).observe(
    document.querySelector('main'), {childList: true, subtree: true}));
  await new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)));
  return performance.now() - began;
}"""


def cells():
    """Of every implementation as many; a third of some deviate."""
    rng = random.Random(0)
    rules = list({variant.rule: variant for variant in VARIANTS.values()}.values())[:RULES]
    for number in range(IMPLEMENTATIONS):
        variant, bad = rules[number % RULES], rng.random() < 0.3
        for place in range(CELLS):
            yield replace(
                BASE,
                implementation=f"fake:module{number % 30}.Optimizer{number}",
                variant=variant.identifier,
                features="+".join(sorted(variant.features)),
                dtype=("float16", "float32", "float64")[place % 3],
                case=f"{variant.family}/float32/injected/learning_rate=0.0{place}/1x35/{place:x}",
                regime=("wide", "tiny", "huge")[place // 112],
                score=rng.random(),
                **(WRONG if bad and place % 3 == 0 else {}),
            )


def site(folder):
    """The site of such a run."""
    every = list(cells())
    names = dict.fromkeys(cell.implementation for cell in every)
    run = Run(folder / "run", provenance_of())
    run.add(
        "fake",
        About(description=described("fake", [implementation(n) for n in names]), complete=True),
        every,
    )
    run.finish(footer_of())
    data = model.load(folder / "run")
    web.write(data, folder / "site", exhibits(data))
    print(f"{len(names)} implementations, {len(every):,} cells")
    return folder / "site" / "index.html"


def measured(page, address):
    """Seconds until rows are there, and until a filter has been drawn."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".matrix tbody tr")
    opened = time.perf_counter() - began
    filtered = [page.evaluate(TYPED, text) / 1000 for text in ("optimizer1", "module2", "")]
    return opened, max(filtered)


def main():
    """Write, open, filter."""
    chromium = os.environ.get("CONFORMANCE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        address = site(Path(place)).as_uri()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = [measured(browser.new_page(), address) for _ in range(TIMES)]
        browser.close()
    for name, values in zip(("opens", "filters"), zip(*found, strict=True), strict=True):
        print(f"{name} in {statistics.median(values):.2f} s (at most {max(values):.2f} s)")


if __name__ == "__main__":
    main()
