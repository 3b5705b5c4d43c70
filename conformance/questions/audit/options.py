"""The other sets of options that a target and its document both have: a line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from optimizer_conformance.cases.plan import main_dtype
from optimizer_conformance.cases.situations import COSTLY, SITUATED
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.audit.conduct import Tried, base, carry
from optimizer_conformance.questions.audit.diagnosis import diagnosed
from optimizer_conformance.questions.audit.preparation import Ready
from optimizer_conformance.questions.audit.preparation import ready as started
from optimizer_conformance.questions.audit.record import OptionVerdict
from optimizer_conformance.reference.rules import Impossible
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix
from optimizer_conformance.reports.verdicts import Verdict, of_many
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.subject import SubjectError

# What is asked of each, in one format: the formula, and every situation.
MODES = ("origin", "trajectory", "rate-change", *SITUATED)
LONG = "steps"  # the mode whose second case is for one set of options: it takes a second
# Arguments that choose how a step is carried out, and not what it computes: other code, one rule.
PATHS = ("foreach", "fused")


def sets(ready: Ready, variant: Variant) -> Iterator[tuple[tuple[str, ...], Variant]]:
    """The sets of options beside the one that is asked, each with the document that has it."""
    if ready.question.profile != "audit" or not ready.question.like or ready.question.features:
        return
    for listed in ready.subject.implementation.features:
        features = tuple(sorted(listed))
        other = VARIANTS.get(base(variant) + suffix(features))
        if features != ready.features and other is not None and other.family == variant.family:
            yield features, other


def combined(ready: Ready, variant: Variant) -> Iterator[Variant]:
    """The document with as many of these options together as go together.

    First of those that stand alone, then of all sets: momentum beside another option is one thing
    with Nesterov's step and another without.  What is stated of each option by itself holds beside
    the others, unless two make something else of one factor: then the first of them is taken.
    """
    known = list(sets(ready, variant))
    for most in (1, len(variant.features) + len(known)):
        found, changed = variant, dict[str, object]()
        for more, other in known:
            own = {name: other.rule[name] for name in other.rule.differences(variant.rule)}
            beside = set(more) > variant.features and len(set(more) - variant.features) <= most
            if not beside or any(changed.get(name, own[name]) != own[name] for name in own):
                continue
            try:
                found = found.with_option(*more, defaults=other.defaults, **own)
            except Impossible:
                continue
            changed.update(own)
        if len(found.features - variant.features) > 1 and found.identifier not in VARIANTS:
            yield found


def tried(
    ready: Ready, variant: Variant, oracle: Oracle, progress: Callable[[str], None]
) -> Iterator[tuple[OptionVerdict, Tried]]:
    """What each of them comes to, and then as many as go together."""
    together = {tuple(sorted(both.features)): both for both in combined(ready, variant)}
    for features, other in (*sets(ready, variant), *together.items()):
        if other.rule.shaped:
            continue
        progress(f"with {'+'.join(features) or 'no option'}")
        asked = replace(ready, features=features)
        dtype = main_dtype(ready.subject.implementation)
        found = carry(asked, other, oracle, defaults=False, modes=MODES, dtypes=(dtype,), once=LONG)
        if found.judged or found.failures:
            yield said(asked, features, other, oracle, found), found


def paths(
    ready: Ready, variant: Variant, oracle: Oracle, progress: Callable[[str], None]
) -> Iterator[tuple[OptionVerdict, Tried]]:
    """What it does on another path of its own; one that it refuses says nothing."""
    question = ready.question
    if question.profile != "audit" or not question.like:
        return
    modes = tuple(mode for mode in MODES if mode not in COSTLY)
    for name in PATHS:
        if ready.subject.signature.others.get(name) not in ("None", "False"):
            continue
        progress(f"with {name}=True")
        other = replace(question, options={**question.options, name: True})
        try:
            with started(other) as asked:
                dtype = main_dtype(asked.subject.implementation)
                found = carry(asked, variant, oracle, defaults=False, modes=modes, dtypes=(dtype,))
                line = said(asked, asked.features, variant, oracle, found)
        except (SubjectError, WorkerError):
            continue
        if found.judged:
            yield replace(line, features=f"{name}=True"), found


def said(
    ready: Ready, features: tuple[str, ...], variant: Variant, oracle: Oracle, found: Tried
) -> OptionVerdict:
    """One set of options as a line."""
    worst = of_many(
        [
            *(str(judgement.worst) for _, _, judgement in found.judged),
            *(error.kind for _, error in found.failures),
        ]
    )
    why = [str(error) for _, error in found.failures]
    if str(worst) == Verdict.deviates.name:
        why += diagnosed(ready, variant, oracle, found).why
    return OptionVerdict("+".join(features) or "plain", variant.identifier, str(worst), tuple(why))
