"""A page a system: every documented rule as an equation, written by the code that is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from latex2mathml.converter import convert

from optimizer_conformance.reference.numbers.symbolic import equations, plain
from optimizer_conformance.reference.variants import SYSTEMS, VARIANTS, Variant
from optimizer_conformance.reports.markdown import cell
from optimizer_conformance.reports.model import options

SYMBOLS = """\
| symbol | meaning |
| --- | --- |
| w, g | parameter and gradient; a prime marks the value after the step |
| v, m, ḡ | averages: of squared gradients; of gradients (Adam); of gradients (centred form) |
| v̂, b | running maximum (AMSGrad); momentum buffer |
| η, ρ, β₁, β₂ | learning rate; decay of v in RMSProp; decays of m and v in Adam |
| ε, μ, λ, S, t | epsilon; momentum; weight decay; loss scale; number of the step, from 1 |
"""


def pages() -> Iterator[tuple[str, str]]:
    """Path and Markdown of each page."""
    systems = {
        name: sorted(members, key=lambda variant: variant.base) for name, members in SYSTEMS.items()
    }
    yield "formulas/index.md", index(systems)
    for name, members in systems.items():
        yield f"formulas/{name}.md", page(name, members)


def index(systems: dict[str, list[Variant]]) -> str:
    """What there is, and the symbols."""
    rules = len({(v.family, v.rule) for v in VARIANTS.values()})
    lines = [
        "# Formulas",
        "",
        f"{len(VARIANTS)} documented variants of {len(systems)} systems state {rules} different "
        "rules. Each equation here is printed by evaluating the stages of `reference/rules`, "
        "which give the reference value and the tolerance too, on symbols.",
        "",
        SYMBOLS,
        "",
        "| system | documents |",
        "| --- | --- |",
    ]
    for name, members in systems.items():
        bases = ", ".join(f"`{base}`" for base in dict.fromkeys(v.base for v in members))
        lines.append(f"| [{name}]({name}.md) | {bases} |")
    return "\n".join(lines) + "\n"


def page(system: str, members: list[Variant]) -> str:
    """Every variant of one system."""
    parts = [f"# Formulas: {system}"]
    for base, variants in groupby(members, lambda v: v.base):
        found = list(variants)
        parts += ["", f"## {base}", "", *about(found[0])]
        for variant in found:
            parts += ["", f"### {heading(variant)}", "", *rule(variant)]
    return "\n".join(parts) + "\n"


def heading(variant: Variant) -> str:
    """The options in words, and the identifier where it says more."""
    return options("+".join(sorted(variant.features)))


def about(variant: Variant) -> Iterator[str]:
    """Where a document stands, its defaults, and what it leaves open."""
    source = cell(variant.source)
    yield f"[{source}]({variant.url})" if variant.url else source
    if variant.versions:
        yield f"({cell(variant.versions)})"
    if variant.defaults:
        pairs = ", ".join(f"{name} = {value}" for name, value in variant.defaults.items())
        yield f"\nDefaults: {cell(pairs)}."
    for field, why in variant.readings.items():
        yield f"\nLeaves open, so that this is one reading of several: {field}: {cell(why)}"


def rule(variant: Variant) -> Iterator[str]:
    """The equations as mathematics and as text, and who else states them."""
    lines = equations(variant.rule)
    yield '<div class="rule">'
    yield from (mathematics(latex) for _, latex in lines)
    yield "</div>"
    yield ""
    for kept in variant.rule.state.values():
        if kept.start != "0":
            yield f"{plain(kept.symbol)} starts at {kept.start}.\n"
    yield "```text"
    yield from (text for text, _ in lines)
    yield "```"
    yield ""
    yield '??? note "LaTeX, identifier, and the same rule elsewhere"'
    yield f"    `{variant.identifier}`"
    yield ""
    yield "    ```latex"
    yield from (f"    {latex}" for _, latex in lines)
    yield "    ```"
    if same := elsewhere(variant):
        yield ""
        yield f"    The same rule: {', '.join(same)}."


def elsewhere(variant: Variant) -> list[str]:
    """Documents that state the same rule with the same options."""
    return [
        f"`{other.identifier}`"
        for other in VARIANTS.values()
        if other.family == variant.family
        and other.features == variant.features
        and other.rule == variant.rule
        and other.identifier != variant.identifier
    ]


def mathematics(latex: str) -> str:
    """MathML, which browsers draw without any script."""
    return str(convert(latex, display="block"))


__all__ = ["mathematics", "pages"]
