"""Every finite gradient of a format of sixteen bits: a finite set that can be gone through."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from optimizer_conformance.cases.case import Case, Written
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.reference.numbers.precision import from_bits
from optimizer_conformance.workers.subject import Subject

FORMATS = ("float16", "bfloat16")
NAME = "first step from zero, every finite gradient"


def everything(subject: Subject, setting: OptimizerSetting, dtype: str) -> Case:
    """One step from a parameter of zero and the initial state, for every finite gradient."""
    stored = np.arange(2**16, dtype=np.uint16)
    values = from_bits(stored if dtype == "bfloat16" else stored.view(np.float16), dtype)
    gradients = tuple(values[np.isfinite(values)].tolist())
    return Written(
        subject.implementation.family,
        tuple(sorted(setting.features)),
        dtype,
        "origin",
        tuple(sorted(setting.decimals.items())),
        1,
        len(gradients),
        0,
        name="every",
        value=(0.0,) * len(gradients),
        gradients=(gradients,),
    )


def label(case: Case) -> str:
    """How a certificate names it."""
    return f"{case.dtype}: {NAME}" if isinstance(case, Written) else case.identifier


def named(text: str, subject: Subject, setting: OptimizerSetting) -> Case | None:
    """The case of a certificate's name, if it is one of these."""
    known: Mapping[str, str] = {f"{dtype}: {NAME}": dtype for dtype in FORMATS}
    return everything(subject, setting, known[text]) if text in known else None
