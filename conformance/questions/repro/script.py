"""A reproducer as a script, and as the text of an issue."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jinja2

from optimizer_conformance.questions.repro.recipes import (
    TEMPLATES,
    OptimizerTemplate,
    options,
    recipe,
)
from optimizer_conformance.questions.repro.reproducer import Reproducer
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import equations
from optimizer_conformance.reference.rules import FACTORS
from optimizer_conformance.reference.variants import Variant

WIDTH = 96
SCRIPT_SUFFIXES = {"tfjs": ".mjs"}
# A name tells a framework whom weight decay passes over; elsewhere it does not matter.
TELLING = ("beta", "gamma", "bias", "norm")


@dataclass(frozen=True)
class StandaloneScript:
    """A script that is ready to run.

    text    its source
    suffix  of its file
    shows   what it has to print last: ``deviates``
    """

    text: str
    suffix: str = ".py"


def environment() -> jinja2.Environment:
    """Templates whose lines are lines of the script."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # it writes source code, not markup
    )
    found.filters["listed"] = listed
    return found


def script(reproducer: Reproducer) -> StandaloneScript:
    """The script of a reproducer.  Raises NoRecipeError where nothing says how it is written."""
    framework, item = recipe(reproducer.subject.name)
    asked = options(reproducer.subject.name)
    template = environment().get_template(framework.template)
    text = template.render(
        **content(reproducer),
        framework=framework,
        recipe=item,
        arguments=arguments(item, framework.names, reproducer),
        setting="\n".join(item.settings[name] for name in asked if name in item.settings),
    )
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return StandaloneScript(
        "\n".join(kept) + "\n", SCRIPT_SUFFIXES.get(framework.template[:4], ".py")
    )


def content(reproducer: Reproducer) -> dict[str, Any]:
    """What every template is filled in with."""
    case, proof = reproducer.case, reproducer.evidence
    name = case.name if any(part in case.name for part in TELLING) else "w"
    return {
        "r": reproducer,
        "case": case,
        "proof": proof,
        "kind": reproducer.sign.kind,
        "name": name,
        "dtype": case.dtype,
        "title": title(reproducer),
        "about": about(reproducer),
        "value": listed(case.value),
        "gradients": [listed(row) for row in case.gradients],
        "same": len(set(map(listed, case.gradients))) == 1 and not case.rates,
        "state": {key: listed(held) for key, held in case.state},
        "quantity": proof.quantity if proof else "parameter",
        "element": proof.element if proof else 0,
        "values": {key: number(text) for key, text in case.hyperparameters},
        "covers": textwrap.wrap(f"Where every legal result lies: {proof.covers}.", WIDTH)
        if proof
        else [],
        "explained": explained(reproducer),
        "low": literal(proof.low) if proof else "",
        "high": literal(proof.high) if proof else "",
        "only_nan": proof is not None and math.isnan(proof.low),
        "hex": float.hex,
        "js": javascript,
        "literal": literal,
    }


def title(reproducer: Reproducer) -> str:
    """One line: what is wrong."""
    what = {
        "gradient": "a step changes its gradient",
        "dtype": f"a {reproducer.case.dtype} parameter comes back in another dtype",
        "error": f"a step raises {reproducer.sign.raised}",
    }.get(reproducer.sign.kind)
    if what is None:
        assert reproducer.evidence is not None
        noun = reproducer.evidence.quantity.replace("_", " ")
        count = reproducer.case.steps
        after = "one step" if count == 1 else f"{count} steps"
        what = f"the {noun} after {after} is not what its documentation states"
    return f"{reproducer.subject.name.partition(':')[2]}: {what}"


def about(reproducer: Reproducer) -> list[str]:
    """The paragraphs under the title."""
    variant = reproducer.variant
    lines = [f"Documented ({variant.source}):"]
    lines += [f"    {line}" for line in formulas(variant)]
    if reproducer.why:
        lines += ["", *textwrap.wrap(f"Seen: {reproducer.why}.", WIDTH)]
    return lines


def explained(reproducer: Reproducer) -> list[str]:
    """What the rule that explains the observation gives, as literals of lines to print."""
    proof = reproducer.evidence
    if proof is None or proof.explained is None:
        return []
    words = " and ".join(FACTORS[name].words(value) for name, value in reproducer.sign.changes)
    return [repr(line) for line in textwrap.wrap(f"{proof.explained} is right for: {words}", 80)]


def formulas(variant: Variant) -> list[str]:
    """The documented rule as lines of text."""
    return [line for line, _ in equations(variant.rule)]


def arguments(item: OptimizerTemplate, shared: dict[str, str], reproducer: Reproducer) -> list[str]:
    """The constructor's arguments as they are written; what equals its default is left out."""
    case = reproducer.case
    takes = reproducer.subject.implementation.hyperparameters
    names = {name: own for name, own in {**shared, **item.names}.items() if name in takes}
    given = {} if case.mode == "defaults" else dict(case.hyperparameters)
    defaults = reproducer.subject.defaults
    if case.mode == "defaults" and "learning_rate" not in defaults:
        given = {"learning_rate": case.decimals["learning_rate"]}

    def dropped(name: str) -> bool:
        if case.rates:
            return False
        default = defaults.get(name)
        known = isinstance(default, int | float) and not isinstance(default, bool)
        return known and float(given[name]) == default

    found = []
    paired = {name for members in item.pairs.values() for name in members}
    for name in HYPERPARAMETERS:
        text = given.get(name, "")
        if name == "learning_rate" and case.rates and item.rated:
            found.append(item.rated)
        elif text and name not in paired and name in names and not dropped(name):
            found.append(f"{names[name]}={number(text)}")
    for argument, members in item.pairs.items():
        if all(name in given for name in members) and not all(map(dropped, members)):
            found.append(f"{argument}=({', '.join(number(given[name]) for name in members)})")
    asked = options(reproducer.subject.name)
    for name, texts in item.options.items():
        if name in asked or (name.startswith("!") and name[1:] not in asked):
            found += texts
    found += [item.switches[name] for name in case.features if name in item.switches]
    if case.mode != "defaults":
        found += [text for name, text in item.off.items() if name not in case.features]
    return found


def javascript(source: str) -> str:
    """A list of floats, or one, as JavaScript writes it."""
    filled = re.fullmatch(r"\[(.*)\] \* (\d+)", source)
    text = f"Array({filled[2]}).fill({filled[1]})" if filled else source
    for ours, theirs in (("nan", "NaN"), ("-inf", "-Infinity"), ("inf", "Infinity")):
        text = text.replace(f'float("{ours}")', theirs)
    return re.sub(r"-(2\.0\*\*-?\d+)", r"-(\1)", text)


def number(text: str) -> str:
    """A decimal as Python and JavaScript write a float."""
    return text if "e" in text or "." in text else f"{text}.0"


def literal(value: float) -> str:
    """A float as source code that gives exactly it, the shorter of decimal and power of two."""
    if not math.isfinite(value):
        return f'float("{value}")'
    plain = repr(value)
    mantissa, exponent = math.frexp(value)
    power = f"{'-' if value < 0 else ''}2.0**{exponent - 1}"
    return power if abs(mantissa) == 0.5 and len(power) < len(plain) else plain


def listed(values: Iterable[float]) -> str:
    """A list of floats as source code; equal ones as a product."""
    found = list(values)
    texts = [literal(value) for value in found]
    if len(texts) > 4 and len(set(texts)) == 1:
        return f"[{texts[0]}] * {len(texts)}"
    return f"[{', '.join(texts)}]"


def issue(reproducer: Reproducer, made: StandaloneScript, output: str = "") -> str:
    """The text of an issue, in Markdown; ``output`` is what the script printed."""
    framework, _ = recipe(reproducer.subject.name)
    description = reproducer.subject.description
    proof = content(reproducer)
    text: str = (
        environment()
        .get_template("issue.md.j2")
        .render(
            **{**proof, "explained": sentence(reproducer)},
            versions=", ".join(
                f"{name} {version}" for name, version in description.versions.items()
            ),
            documentation=reproducer.variant.url
            or reproducer.subject.implementation.documentation
            or reproducer.variant.source,
            formulas=formulas(reproducer.variant),
            needs=framework.package,
            language="js" if made.suffix == ".mjs" else "python",
            script=made.text,
            output=output,
        )
    )
    return text


def sentence(reproducer: Reproducer) -> str:
    """What the rule that explains the observation gives, as a sentence."""
    return " ".join(line[1:-1] for line in explained(reproducer)) + "."
