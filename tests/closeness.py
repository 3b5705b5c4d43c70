"""What ``torch.testing.assert_close`` says of the kernels, beside the verdicts: ``docs/steps.md``.

    python tests/closeness.py

It is asked as people ask it: the kernel's arrays against a right kernel's, with its own tolerances
for each dtype, once on N(0, 1) and once on probes.  Needs the environment of torch.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import kernels
import numpy as np

from optimizer_conformance import judge_step, probe_inputs
from optimizer_conformance.workers import environments

RULE = "torch-adamw-weight-decay"
STEPS = 5
TORCH = """
import json, sys, numpy, torch
found = []
for group in json.loads(sys.stdin.read()):
    close = True
    for dtype, got, due in group:
        try:
            torch.testing.assert_close(*(
                torch.tensor(numpy.load(path)).to(getattr(torch, dtype)) for path in (got, due)
            ))
        except AssertionError:
            close = False
    found.append(close)
print(json.dumps(found))
"""


def close(groups: list[list[tuple[str, str, str]]]) -> list[bool]:
    """Whether PyTorch finds every pair of files close."""
    python = environments.locate("torch").python
    done = subprocess.run(
        [str(python), "-c", TORCH],
        input=json.dumps(groups),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def steps(kernel, source):
    """Inputs of some steps."""
    if source == "normal":
        return list(kernels.normal(kernel))
    found = probe_inputs(RULE, 1003, kernels.FORMATS[kernel.formats], STEPS)
    return [(probe.before, probe.count, probe.hyperparameters) for probe in found]


def pairs(kernel, source, folder):
    """Files with what a kernel and a right one make of the same inputs."""
    right, found = kernels.Kernel("double", kernel.formats), []
    for place, (before, count, hyper) in enumerate(steps(kernel, source)):
        if count == 1 and "late" in kernel.wrong:
            continue
        got, due = kernel(before, count, hyper), right(before, count, hyper)
        for name in got:
            files = []
            for what, arrays in (("got", got), ("due", due)):
                path = folder / f"{abs(hash((kernel.name, source)))}-{place}-{name}-{what}.npy"
                np.save(path, arrays[name])
                files.append(str(path))
            found.append((kernels.FORMATS[kernel.formats][name], *files))
    return found


def told(kernel):
    """How often a kernel is told on probes."""
    found = []
    for before, count, hyper in steps(kernel, "probes"):
        if count == 1 and "late" in kernel.wrong:
            continue
        asked = {"before": before, "hyperparameters": hyper, "count": count}
        kinds = {n: k for n, k in kernels.FORMATS[kernel.formats].items() if k == "bfloat16"}
        kinds["arithmetic"] = kernels.FORMATS[kernel.formats]["arithmetic"]
        found.append(judge_step(RULE, after=kernel(before, count, hyper), formats=kinds, **asked))
    return found


def table(folder: Path):
    """One row a kernel: name, PyTorch's word on N(0, 1), on probes, and the verdicts'."""
    every = [*kernels.WRONG, *kernels.RIGHT]
    groups = [pairs(k, source, folder) for k in every for source in ("normal", "probes")]
    answers = close(groups)
    for place, kernel in enumerate(every):
        why = [text for found in told(kernel) for text in found.why]
        yield kernel, answers[2 * place], answers[2 * place + 1], why


def main() -> None:
    """Print the table as Markdown."""
    import tempfile

    say = {True: "passes", False: "fails"}
    print("| kernel | `assert_close`, N(0, 1) | `assert_close`, probes | `assert_step`, probes |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kernel, normal, probes, why in table(Path(folder)):
            said = max(dict.fromkeys(why), key=why.count) if why else "passes"
            print(f"| {kernel.name} | {say[normal]} | {say[probes]} | {said} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
