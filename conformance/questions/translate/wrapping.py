"""The wrapper: the first one's rule in the second one's framework, and its own audit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.questions.translate.code import OBJECTS, framework
from optimizer_conformance.questions.translate.result import CheckedRun
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.questions.translate.trial import answered, judged, summed
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.subject import SubjectError, subject


def audited(
    oracle: Oracle,
    code: str,
    adapter: str,
    rule: Rule,
    asked: OptimizerSetting,
    cases: Sequence[Case],
) -> tuple[tuple[CheckedRun, ...], str]:
    """Run the printed code in the framework's environment, and judge it by the rule.

    Also why it could not be run, where it could not.
    """
    kind = framework(adapter)
    python = None
    if adapter in environments.ADAPTERS and kind != "function":
        python = environments.locate(adapter).python
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "imitation.py"
        path.write_text(code, encoding="utf-8")
        try:
            with subject(
                f"{path}:{OBJECTS[kind]}",
                python=python,
                kind=kind,
                features=asked.features,
                family=rule.family,
            ) as own:
                runs = []
                for case in cases:
                    if inputs_of(case).rates and not own.implementation.schedules:
                        continue
                    observed = answered(own, case, asked)
                    judgement = judged(oracle, own, rule, asked.decimals, case, observed)
                    runs.append(summed(case, judgement, "first", observed))
        except (SubjectError, WorkerError) as error:
            return (), str(error)
    return tuple(runs), ""
