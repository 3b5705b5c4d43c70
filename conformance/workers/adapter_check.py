"""What is wrong with an adapter, told to its author: no oracle, only what the protocol promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from optimizer_conformance.adapters import protocol
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.rules import STATE
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reference.variants.record import suffix
from optimizer_conformance.workers.implementation_check import (
    CheckReport,
    Complaint,
    ImplementationCheck,
)
from optimizer_conformance.workers.process import Refused, Worker


def check_adapter(
    worker: Worker, progress: Callable[[str], None] = lambda name: None
) -> CheckReport:
    """Everything that can be asked of a worker; raises WorkerError when it dies or breaks off."""
    found = CheckReport(worker.hello())
    for complaint in described(found.description):
        found.complaints.append(complaint)
    found.checks += 1
    for item in found.description.implementations:
        progress(item.name)
        try:
            ImplementationCheck(worker, item, found).everything()
        except Refused as error:
            found.complaints.append(
                Complaint(item.name, "", f"a request that is part of the protocol failed: {error}")
            )
    return found


def described(description: protocol.Description) -> Iterator[Complaint]:
    """What a description says that cannot be, beside what ``Worker.hello`` refuses at once."""

    def about(name: str, message: str) -> Complaint:
        return Complaint(name, "description", message)

    if not description.devices and not description.unavailable:
        yield about("", "no device, and `unavailable` does not say why")
    if not description.implementations and not description.unavailable:
        yield about("", "no implementation, and `unavailable` does not say why")
    for item in description.implementations:
        for message in mistakes(item, description):
            yield about(item.name, message)


def mistakes(item: protocol.Implementation, description: protocol.Description) -> Iterator[str]:
    """The same of one implementation."""
    if not item.name.startswith(f"{description.adapter}:"):
        yield f"the name does not begin with `{description.adapter}:`"
    for words, known, what in (
        (item.state, STATE, "state"),
        (item.hyperparameters, HYPERPARAMETERS, "hyperparameter"),
        (item.groups, item.hyperparameters, "group hyperparameter"),
    ):
        for word in sorted(set(words) - set(known)):
            yield f"unknown {what} {word!r}; known are {', '.join(known)}"
    kept = set().union(*(VARIANTS[name].rule.state for name in item.claims if name in VARIANTS))
    if "second_moment" in kept - set(item.state) and item.state:
        yield "shows state, and not its second moment"
    for name, record in HYPERPARAMETERS.items():
        used = any(record.option in listed for listed in item.features)
        if used and name not in item.hyperparameters:
            yield f"has the option {record.option} and no hyperparameter {name}"
    if any(not reason.strip() for reason in (*item.gaps.values(), *item.undriven.values())):
        yield "a gap without a reason"
    for claim in item.claims:
        stated = [claim + suffix(listed) for listed in item.features]
        if not any(name in VARIANTS for name in stated):
            yield f"claims {claim}, which no record in reference/variants has"
