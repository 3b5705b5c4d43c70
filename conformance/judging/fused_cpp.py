"""Value and bound of one step as C++: a function of one element, for CUDA and for a host.

The graph is that of :mod:`judging.fused`, so the function comes to the same numbers to the bit
where its compiler contracts nothing: ``--fmad=false``, ``-ffp-contract=off``.
"""

from __future__ import annotations

from math import isinf, isnan

from optimizer_conformance.judging.fused import WRITTEN, FusedStep, Language, needed, traced
from optimizer_conformance.reference.numbers import Representation

DIFFERENT = {
    "absolute": "fabs({})",
    "sign": "{0} != {0} ? {0} : ({0} > 0.0 ? 1.0 : ({0} < 0.0 ? -1.0 : 0.0))",
    "maximum": "({0} >= {1}) | ({0} != {0}) ? {0} : {1}",
    "minimum": "({0} <= {1}) | ({0} != {0}) ? {0} : {1}",
    "fmax": "({0} >= {1}) | ({1} != {1}) ? {0} : {1}",
    "isfinite": "fabs({}) < INFINITE",
    "isinf": "fabs({}) == INFINITE",
    "not": "!{}",
    "where": "{0} ? {1} : {2}",
}
BESIDE_A_NUMBER = {
    "maximum": "{0} < {1} ? {1} : {0}",
    "minimum": "{0} > {1} ? {1} : {0}",
}


def number(x: float) -> str:
    """A constant, exactly."""
    if isnan(x):
        return "NO_NUMBER"
    if isinf(x):
        return "INFINITE" if x > 0 else "(-INFINITE)"
    return f"({x.hex()})"


CPP = Language(
    {**WRITTEN, **DIFFERENT},
    BESIDE_A_NUMBER,
    "x[{}]",
    number,
    lambda truth: "true" if truth else "false",
)


def function(name: str, start: FusedStep, effect: str, way: Representation) -> str:
    """``name`` fills value and error of each quantity from the inputs ``x`` of one element."""
    graph, outputs = traced(start, effect, way)
    lines = [f"DEVICE void {name}(const double *x, double *value, double *error) {{"]
    lines += [
        f"    const auto n{place} = {CPP.node(graph, place, start.inputs)};"
        for place in needed(graph, outputs)
    ]
    for row, pair in enumerate(outputs):
        for array, node in zip(("value", "error"), pair, strict=True):
            lines.append(f"    {array}[{row}] = {CPP.output(node)};")
    return "\n".join([*lines, "}", ""])
