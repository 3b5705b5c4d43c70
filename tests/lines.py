"""Random command lines: ``python tests/lines.py [--count 2000] [--seed 0]``.

A grammar of words that are right, nearly right and nonsense, for the commands that take files,
numbers and names of others.  A command ends with 0 to 3, says at most one line that begins with
``error:``, and never prints a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

from optimizer_conformance.cli.main import main as command
from optimizer_conformance.workers.sandbox import program_places

SECONDS = 300  # a line that takes longer hangs
TARGET = """
import numpy as np
def update(parameter, gradient, state, learning_rate=0.01, decay=0.9, epsilon=1e-8):
    kind = parameter.dtype.type
    state = np.zeros_like(parameter) if state is None else state
    state = kind(decay) * state + kind(1 - decay) * gradient**2
    return parameter - kind(learning_rate) * gradient / (np.sqrt(state) + kind(epsilon)), state
"""
NUMBERS = (
    "0.01", "0", "1", "-1", "nan", "inf", "-inf", "1e39", "1e-50", "1e99999999", "100000", "0.9",
    "1/3", "0x1p3", "", " ", "٣", "1_000", "True", "None", "[1]", "9" * 400, "1e", "--", "\x1b[31m",
)  # fmt: skip
NAMES = (
    "learning_rate", "decay", "epsilon", "beta1", "momentum", "weight_decay", "loss_scale", "lr",
    "eps", "wings", "", "a b", "__class__",
)  # fmt: skip
TARGETS = ("mine.py:update", "mine.py:nothing", "none.py:x", "numpy:x", "numpy", ":", "x:y:z", "")
VARIANTS = ("torch-rmsprop", "keras*", "nothing", "", "*", "[", "torch-adam")
FEW = tuple(name for name in VARIANTS if name not in ("", "*"))
PATHS = (
    "mine.py", ".", "..", "none", "/dev/null", "/proc/self/mem", "", "a\x00b", "x" * 300, "circle",
    "pipe", "vectors.json", "text.txt",
)  # fmt: skip
DTYPES = ("float16", "float32", "bfloat16", "float8", "")
CASES = (
    "rmsprop/float32/origin/{}/1x24/1", "rmsprop/float16/trajectory/{}/2x24/1", "{}",
    "a/b/c/{}/d/e",
    "adam/float32/edges/{}/9999x999999/1", "rmsprop/float32/trajectory/{}/-1x3/x",
)  # fmt: skip


class Lines:
    """Draws lines."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def one(self, words: tuple[str, ...]) -> str:
        return self.dice.choice(words)

    def pair(self) -> str:
        return f"{self.one(NAMES)}={self.one(NUMBERS)}"

    def options(self, *choices: tuple[str, tuple[str, ...]]) -> list[str]:
        """Some of the options, each with a value."""
        picked = self.dice.sample(choices, self.dice.randrange(min(3, len(choices)) + 1))
        return [word for name, values in picked for word in (name, self.one(values))]

    def line(self) -> list[str]:
        kind = self.one(tuple(KINDS))
        words = [*kind.split(), *getattr(self, KINDS[kind])()]
        if self.dice.random() < 0.1:
            words.insert(
                self.dice.randrange(len(words) + 1), self.one(("--nope", "-x", "--", "\ud800"))
            )
        return words

    def asking(self) -> list[str]:
        pairs = [self.pair() for _ in range(self.dice.randrange(3))]
        limits = ("--deadline", ("5", "0", "-1", "nan", "x"))
        likes = ("--like", VARIANTS)
        return [
            self.one(TARGETS), *pairs,
            *self.options(likes, limits, ("--dtype", DTYPES), ("--seed", NUMBERS)),
        ]  # fmt: skip

    def identifying(self) -> list[str]:
        pairs = [self.pair() for _ in range(self.dice.randrange(3))]
        return [self.one(TARGETS), *pairs, *self.options(("--dtype", DTYPES), ("--kind", TARGETS))]

    def running(self) -> list[str]:
        pairs = ",".join(self.pair() for _ in range(self.dice.randrange(4)))
        case = self.one(CASES).format(pairs)
        return [
            "--adapter", self.one(("numpy", "nump", "")), "--case", case,
            *self.options(
                ("--variant", VARIANTS), ("--memory", NUMBERS), ("--jobs", NUMBERS),
                ("--shard", ("1/2", "0/0", "x", "2/1")), ("--resume", PATHS), ("--reuse", PATHS),
                ("--out", PATHS), ("--expectations", PATHS),
            ),
        ]  # fmt: skip

    def translating(self) -> list[str]:
        return ["--from", self.one(TARGETS), "--to", self.one(TARGETS), self.pair()]

    def certifying(self) -> list[str]:
        return [
            self.one(TARGETS),
            self.pair(),
            *self.options(("--against", VARIANTS), ("--dtype", DTYPES)),
        ]

    def vectors(self) -> list[str]:
        if self.dice.random() < 0.5:
            return ["check", self.one(PATHS)]
        return [
            "export",
            self.one(PATHS),
            "--variant",
            self.one(FEW),  # all of them take minutes
            *self.options(("--dtype", DTYPES)),
        ]

    def golden(self) -> list[str]:
        return [self.one(("judge", "check", "prepare", "compare", "x")), self.one(PATHS)]

    def reading(self) -> list[str]:
        formats = ("html", "json", "csv", "x", "")
        return [self.one(PATHS), *self.options(("--format", formats), ("--output", PATHS))]

    def merging(self) -> list[str]:
        return [self.one(PATHS), self.one(PATHS), "--out", self.one(PATHS)]


KINDS = {
    "audit": "asking", "identify": "identifying", "run": "running", "translate": "translating",
    "certify": "certifying", "vectors": "vectors", "golden": "golden", "merge": "merging",
    "report": "reading", "certificate check": "reading", "expectations check": "reading",
}  # fmt: skip


def tried(words: list[str]) -> tuple[int, str]:
    """Run one line in this process; its exit code, and what it said on standard error."""
    said = io.StringIO()

    def late(*_: object) -> None:
        raise AssertionError("it hangs")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        with (
            mock.patch.object(sys, "argv", ["conformance", *words]),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(said),
        ):
            command()
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    finally:
        signal.alarm(0)
    return 0, said.getvalue()


def wrong(code: int, said: str) -> str:
    """What is wrong with an ending; empty where nothing is."""
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    if code not in (0, 1, 2, 3):
        return f"exit code {code}"
    if "Traceback (most recent" in said:
        return "a traceback"
    if len(lines) > 1 or (code == 2 and not said.strip()):
        return f"{len(lines)} lines of error"
    return ""


def setting(folder: Path) -> None:
    """The files that lines name; what lies above them belongs to the lines as well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text(TARGET)
    (folder / "text.txt").write_text("golden-vectors 1\ncase x\n")
    (folder / "vectors.json").write_text('{"kind": "vectors"}')
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    lines, tally, faults = Lines(given.seed), Counter[int](), []
    with tempfile.TemporaryDirectory() as top:
        here = Path(top, "above", "here")
        setting(here)
        os.chdir(here)
        os.environ["CONFORMANCE_READABLE"] = os.pathsep.join(program_places(sys.executable))
        for _ in range(given.count):
            words = lines.line()
            code, said = tried(words)
            tally[code] += 1
            if what := wrong(code, said):
                faults.append(what)
                print(f"{what}: {words!r}\n    {said.strip()[-300:]!r}", flush=True)
        os.chdir("/")
    ends = ", ".join(f"{number:,} with {code}" for code, number in sorted(tally.items()))
    print(f"{given.count:,} random lines: {ends}; {len(faults)} of them wrong")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
