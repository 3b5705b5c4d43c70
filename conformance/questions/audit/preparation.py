"""A target made ready to be held against a document: what it lacks is assumed, and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.decimals import by_meaning, decimal
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, called
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.environments import ADAPTERS
from optimizer_conformance.workers.process import REQUEST_LIMIT
from optimizer_conformance.workers.pythons import NoInterpreter
from optimizer_conformance.workers.subject import Absent, Subject, SubjectError, described
from optimizer_conformance.workers.targets import (
    InterpreterLacks,
    TargetError,
    greeted,
    looks_like_target,
    order_for,
    order_of,
    serving,
)


class AuditError(Exception):
    """The question makes no sense as it was asked; the message says what would."""


@dataclass(frozen=True)
class AuditRequest:
    """What is asked, as :func:`conformance.audit` describes it."""

    target: Any
    like: str = ""
    python: str | Path | None = None
    kind: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    features: Sequence[str] = ()
    dtypes: Sequence[str] = ()
    profile: str = "audit"
    seed: int = 0
    defaults: bool = True
    limit: float = REQUEST_LIMIT


@dataclass(frozen=True)
class Ready:
    """A target that has started, with what it is asked for.

    features  that are on
    fixed     hyperparameters that have one value in every case, as decimals
    remarks   what was assumed
    """

    question: AuditRequest
    order: Any
    subject: Subject
    features: tuple[str, ...]
    fixed: dict[str, str]
    remarks: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Which kind of optimizer it is."""
        return self.subject.signature.kind

    @contextmanager
    def afresh(self) -> Iterator[Subject]:
        """The same in a worker that has not taken a step yet."""
        with started(self.question, self.order) as found:
            yield found


def documented(like: str) -> Variant | None:
    """The variant that was asked for; raises AuditError where there is none."""
    if not like:
        return None
    if like not in VARIANTS:
        raise AuditError(f"no variant {like!r}{nearest.variants(like, VARIANTS)}")
    return VARIANTS[like]


def with_features(like: str, features: Sequence[str]) -> str:
    """The document that was asked for, with the options that were asked for beside it."""
    variant = documented(like)
    if variant is None or set(features) <= variant.features:
        return like
    try:
        end = suffix({*variant.features, *features})
    except ValueError as error:
        raise AuditError(str(error)) from error
    found = like.removesuffix(suffix(variant.features)) + end
    if found not in VARIANTS:
        raise AuditError(
            f"{like} has no form with {', '.join(sorted(features))} (that would be {found}): name "
            "another document with --like, or none"
        )
    return found


@contextmanager
def started(question: AuditRequest, order: Any) -> Iterator[Subject]:
    """The target in a worker.  Raises SubjectError where it cannot be used."""
    found = None if isinstance(question.target, str) else question.target
    try:
        python = interpreters.find(question.python) if question.python else interpreters.chosen()
        with serving(order, found=found, python=python, limit=question.limit) as worker:
            yield described(worker, order.name, description=greeted(worker, python))
    except InterpreterLacks as error:
        raise Absent(f"{named(question.target)}: {error}") from error
    except (TargetError, NoInterpreter) as error:
        raise SubjectError(f"{named(question.target)}: {error}") from error


def named(target: Any) -> str:
    """A target as it is printed."""
    if isinstance(target, str):
        return target
    module = getattr(target, "__module__", type(target).__module__)
    return f"{module}:{getattr(target, '__qualname__', type(target).__name__)}"


@contextmanager
def ready(question: AuditRequest) -> Iterator[Ready]:
    """Start the target; once more where it is to be told what the document asks for.

    Raises AuditError for a question that makes no sense, SubjectError where the target cannot be
    used.
    """
    variant = documented(question.like)
    implementation = (
        isinstance(question.target, str)
        and not question.python
        and not looks_like_target(question.target, ADAPTERS)
        and ":" in question.target
    )
    if implementation:
        raise AuditError(
            f"{question.target} names an implementation of an adapter: `conformance identify` and "
            f"`conformance run --implementation '{question.target}'` ask it; a target of that "
            "name needs --python"
        )
    rule: dict[str, Any] = {
        "kind": question.kind,
        "family": variant.family if variant else "",
        "mapping": dict(question.mapping),
        "options": sent(question.options),
        "features": list(question.features),
        "limit": question.limit,
    }
    try:
        order = (order_for if isinstance(question.target, str) else order_of)(
            question.target, **rule
        )
    except TargetError as error:
        raise SubjectError(f"{named(question.target)}: {error}") from error
    with started(question, order) as subject:
        lacking = assumed(subject, variant, question)
        if lacking is None:
            yield made(question, order, subject, variant, ())
            return
    options, features, remarks = lacking
    rule |= {"options": {**sent(question.options), **options}, "features": features}
    order = (order_for if isinstance(question.target, str) else order_of)(question.target, **rule)
    with started(question, order) as subject:
        yield made(question, order, subject, variant, remarks)


def made(
    question: AuditRequest,
    order: Any,
    subject: Subject,
    variant: Variant | None,
    remarks: Sequence[str],
) -> Ready:
    """What is known of a target that has started as it should be."""
    simplest: list[str] = min(subject.implementation.features, key=len)
    features = sorted(variant.features) if variant else sorted(simplest)
    arguments = subject.signature.arguments
    own = {arguments.get(name, name): name for name in subject.implementation.hyperparameters}
    meant = by_meaning({**order.options, **question.options}, own)
    fixed = {name: decimal(name, meant[name]) for name in meant if name in HYPERPARAMETERS}
    said = subject.signature.remarks
    return Ready(question, order, subject, tuple(features), fixed, (*said, *remarks))


def sent(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as a worker takes them: hyperparameters as numbers."""
    return {
        name: float(decimal(name, value)) if name in HYPERPARAMETERS else value
        for name, value in options.items()
    }


def assumed(
    subject: Subject, variant: Variant | None, question: AuditRequest
) -> tuple[dict[str, float], list[str], list[str]] | None:
    """What the target has to be told: built-in values, options that are on, and how that is said.

    None where it takes all that the document asks for.
    """
    available = {name for some in subject.implementation.features for name in some}
    wanted = sorted(variant.features) if variant else list(question.features)
    target = named(question.target)
    values: dict[str, float] = {}
    for name in needed(subject, variant):
        if name in known(subject, question):
            continue
        stated = variant.defaults.get(name, "") if variant else ""
        if not stated or (HYPERPARAMETERS[name].option and float(stated) == 0):
            guess = [text for text in subject.signature.remarks if f"={name} says" in text]
            raise AuditError(
                f"{target} takes no {name}: say what is built in with {name}=VALUE"
                + "".join(f"; {text}" for text in guess)
                + ("" if variant else ", or name the document with --like")
            )
        values[name] = float(stated)
    switches = [name for name in wanted if name not in available]
    if not values and not switches:
        return None
    remarks = [f"{name} is on, built in" for name in switches if name not in HYPERPARAMETERS]
    remarks += [f"{name} is built in as {value:g}, as documented" for name, value in values.items()]
    return values, wanted, remarks


def needed(subject: Subject, variant: Variant | None) -> list[str]:
    """The hyperparameters that a rule of this family with these options has."""
    simplest: list[str] = min(subject.implementation.features, key=len)
    features = variant.features if variant else simplest
    without = variant is not None and variant.rule["epsilon"] == "none"
    found = (record.name for record in taken(subject.implementation.family, features))
    return [name for name in found if name != "epsilon" or not without]


def known(subject: Subject, question: AuditRequest) -> set[str]:
    """The hyperparameters that it takes, or that were said to be built in."""
    said = {called(name) or name for name in question.options}
    return {*subject.implementation.hyperparameters, *said, *question.options}
