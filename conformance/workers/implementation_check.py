"""One implementation put through every check that needs no oracle.

Answers of one worker are compared with each other, bit for bit or by which of two is nearer;
whether the formula is right is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.plan import meant, simplest
from optimizer_conformance.reference.rules import FACTORS
from optimizer_conformance.reference.variants.record import FEATURES
from optimizer_conformance.workers.configuration import (
    SEED,
    TRAJECTORIES,
    VALUES,
    Setting,
    arrays,
    bits,
    distance,
    lengthened,
    nearer,
    offered,
    rests,
    vectors,
)
from optimizer_conformance.workers.process import Refused, Worker, WorkerError


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong: where, and what to do about it."""

    implementation: str
    configuration: str
    message: str


@dataclass
class CheckReport:
    """What came of it; ``notes`` are what upstream does and the description declares."""

    description: protocol.Description
    complaints: list[Complaint] = field(default_factory=list)
    notes: list[Complaint] = field(default_factory=list)
    checks: int = 0


class ImplementationCheck:
    """Puts one implementation through every check."""

    def __init__(
        self, worker: Worker, implementation: protocol.Implementation, found: CheckReport
    ) -> None:
        self.worker, self.item, self.found = worker, implementation, found

    def everything(self) -> None:
        """Every device, set of options and dtype; compiled ones the simplest alone."""
        self.probed()
        plain = simplest(self.item)
        main = "float32" if "float32" in self.item.dtypes else self.item.dtypes[0]
        shown: set[str] = set()
        for device in self.item.devices:
            for listed in self.item.features:
                features = tuple(sorted(listed))
                for dtype in self.item.dtypes:
                    first = features == plain and dtype == main
                    if self.item.compiled and not first:
                        continue
                    if not meant(self.item.family, features, dtype):
                        continue
                    setting = self.setting(device, features, dtype)
                    try:
                        shown |= self.configuration(setting, whole=dtype == main)
                    except Refused as error:
                        self.refused(setting, error)
        unseen = set(self.item.state) - shown
        if unseen and self.item.devices and not self.item.compiled:
            self.complain(None, f"declares the state {', '.join(sorted(unseen))}, never shows it")
        if self.item.devices:
            self.errors_stay_errors(self.setting(self.item.devices[0], plain, main))

    def setting(self, device: str, features: tuple[str, ...], dtype: str) -> Setting:
        """A configuration with arrays and hyperparameters."""
        generator = np.random.Generator(np.random.Philox(SEED))
        flat = vectors(self.item)
        values = arrays(dtype, 2, generator, 1.0, flat=flat)
        # The second gradients are small: that is where a running maximum shows.
        scales = (1.0, 0.125, 0.5)
        gradients = tuple(arrays(dtype, 2, generator, scale, flat=flat) for scale in scales)
        given = {name: VALUES[name][0] for name in offered(self.item, features)}
        return Setting(self.item, device, features, dtype, values, gradients, given)

    def complain(
        self, setting: Setting | None, message: str, *, gap: str = "", advice: str = ""
    ) -> None:
        """Keep a complaint; a note where the description declares this ``gap`` of upstream.

        ``advice`` is for who has not declared it.
        """
        where = ""
        if setting:
            options = "+".join(setting.features) or "plain"
            where = f"{setting.device}, {options}, {setting.dtype}"
        if gap in self.item.gaps:
            self.found.notes.append(Complaint(self.item.name, where, message))
        else:
            said = f"{message}: {advice}" if advice else message
            self.found.complaints.append(Complaint(self.item.name, where, said))

    def expect(
        self,
        setting: Setting | None,
        holds: bool,
        message: str,
        *,
        gap: str = "",
        advice: str = "",
    ) -> None:
        """Count one check; complain where it does not hold."""
        self.found.checks += 1
        if not holds:
            self.complain(setting, message, gap=gap, advice=advice)

    def refused(self, setting: Setting, error: Refused) -> None:
        """A declared configuration that fails."""
        said = "declared, and answered with" if error.failure.kind == "unsupported" else "raises"
        self.complain(setting, f"{said} {error}: take it out of the description, or repair it")

    # Requests --------------------------------------------------------------------------------

    def ask(self, request: protocol.Request, kind: type[Any]) -> Any:
        """One request; a worker that breaks the protocol ends the check."""
        return self.worker.ask(request, kind)

    def open(self, setting: Setting, values: list[protocol.Tensor] | None = None) -> int:
        """A new session."""
        number: int = self.ask(setting.request(values), protocol.Opened).session
        return number

    def steps(self, setting: Setting, session: int, *which: int) -> list[protocol.Observation]:
        """Take these steps."""
        rows = [setting.row(index) for index in which]
        found: list[protocol.Observation] = self.ask(
            protocol.Step(session, rows), protocol.Stepped
        ).observations
        if len(found) != len(which):
            raise WorkerError("error", f"{len(which)} steps were asked for, {len(found)} came back")
        for observation in found:
            self.shaped(setting, observation)
        return found

    def run(self, setting: Setting, *which: int) -> list[protocol.Observation]:
        """The same in a session of its own."""
        session = self.open(setting)
        try:
            return self.steps(setting, session, *which)
        finally:
            self.ask(protocol.Close(session), protocol.Done)

    def shaped(self, setting: Setting, observation: protocol.Observation) -> None:
        """Whether what came back can belong to what was sent."""
        answers = {
            "parameters": observation.parameters,
            "gradients": observation.gradients,
            **observation.state,
        }
        for name, tensors in answers.items():
            if len(tensors) != len(setting.values):
                raise WorkerError("error", f"{len(tensors)} tensors of {name} came back for 2")
            for tensor, value in zip(tensors, setting.values, strict=True):
                if tensor.shape != value.shape:
                    raise WorkerError("error", f"{name} of shape {tensor.shape} for {value.shape}")
                if len(tensor.data) != value.size * protocol.ITEM_SIZE[tensor.dtype]:
                    raise WorkerError("error", f"the bytes of {name} do not fill their shape")

    # Checks ----------------------------------------------------------------------------------

    def probed(self) -> None:
        """Defaults have canonical names."""
        defaults = self.ask(protocol.Probe(self.item.name), protocol.Probed).defaults
        strange = sorted(set(defaults) - set(VALUES) - set(FEATURES))
        self.expect(None, not strange, f"probe names defaults that do not exist: {strange}")

    def configuration(self, setting: Setting, *, whole: bool) -> set[str]:
        """Every check of one configuration; the state that it shows."""
        session = self.open(setting)
        first, second = self.steps(setting, session, 0, 1)
        self.promises(setting, first)
        kept = self.ask(protocol.GetState(session), protocol.State).state
        self.expect(setting, kept == second.state, "get_state differs from the last observation")
        other = self.run(setting, 0)[0]
        self.expect(
            setting,
            bits(other) == bits(first),
            "a second session answers the same request with other bits: sessions share something",
        )
        if self.item.settable and kept:
            self.restored(setting, session, second, kept)
        self.ask(protocol.Close(session), protocol.Done)
        if setting.features == simplest(self.item) and "weight_decay" not in setting.features:
            self.in_transit(setting)
        if whole:
            self.effects(setting)
        return set(first.state)

    def promises(self, setting: Setting, first: protocol.Observation) -> None:
        """Gradients keep their bits, parameters their dtype, and the state is the declared one."""
        self.expect(
            setting,
            [tensor.data for tensor in first.gradients] == [t.data for t in setting.row(0)],
            "the step changes its gradient",
            gap="gradient",
            advice="copy it, or declare the gap `gradient` if upstream does that",
        )
        self.expect(
            setting,
            all(tensor.dtype == setting.dtype for tensor in first.parameters),
            "a parameter comes back in another dtype",
            gap="dtype",
            advice="declare the gap `dtype` if upstream does that",
        )
        undeclared = sorted(set(first.state) - set(self.item.state))
        self.expect(setting, not undeclared, f"shows state that it does not declare: {undeclared}")

    def restored(
        self,
        setting: Setting,
        session: int,
        second: protocol.Observation,
        kept: dict[str, list[protocol.Tensor]],
    ) -> None:
        """A session that is given the state goes on as the one that it was read from.

        Bias corrections may be accumulated on one way and computed on the other, so the bits may
        differ; but it must be nearer than one that was given nothing, or another step count.
        """
        (went_on,) = self.steps(setting, session, 2)

        def resumed(state: dict[str, list[protocol.Tensor]], taken: int) -> protocol.Observation:
            fresh = self.open(setting, second.parameters)
            if state:
                self.ask(protocol.SetState(fresh, state, taken), protocol.Done)
            (after,) = self.steps(setting, fresh, 2)
            self.ask(protocol.Close(fresh), protocol.Done)
            return after

        if {tensor.dtype for tensor in second.parameters} != {setting.dtype}:
            return  # such a parameter cannot be sent back
        after, forgetful, miscounted = resumed(kept, 2), resumed({}, 0), resumed(kept, 0)
        for name in set(kept) & set(went_on.state) & set(forgetful.state) & set(after.state):
            lost = distance(went_on.state[name], forgetful.state[name])
            if lost > 0:
                apart = distance(went_on.state[name], after.state[name])
                lost_state = f"set_state does not restore {name}"
                self.expect(setting, apart < lost, lost_state, gap="restored")
        miss = distance(went_on.parameters, miscounted.parameters)
        if bits(after) != bits(went_on) and miss > 0:
            apart = distance(went_on.parameters, after.parameters)
            lost_count = "set_state does not restore the step count"
            self.expect(setting, apart < miss, lost_count, gap="restored")

    def in_transit(self, setting: Setting) -> None:
        """With gradients of zero a step from a fresh state leaves every parameter as it was.

        Unless the rule that it follows says otherwise: FTRL starts anew, ASGD draws to zero.
        """
        still = replace(setting, gradients=(tuple(np.zeros_like(v) for v in setting.values),))
        (after,) = self.run(still, 0)
        sent = [setting.tensor(value) for value in setting.values]
        same = [tensor.data for tensor in after.parameters] == [t.data for t in sent]
        wide = any(tensor.dtype != setting.dtype for tensor in after.parameters)
        stays = same or wide or not rests(setting)
        self.expect(
            setting,
            stays,
            "a gradient of zero changes the parameter's bits",
            gap="precision",
            advice="declare the gap `precision` if upstream computes in another format",
        )

    def effects(self, setting: Setting) -> None:
        """Every option, hyperparameter, schedule and group that is declared does something."""
        whole = self.run(setting, 0, 1, 2)[-1]
        for name in setting.hyperparameters:
            lost = f"takes {name} and ignores it: declare the gap `{name}` if upstream does that"
            longer = (lengthened(setting, *how) for how in TRAJECTORIES)
            shows = any(self.matters(one, name) for one in (setting, *longer))
            self.expect(setting, shows or name in self.item.gaps, lost)
        if self.item.compiled:
            return
        sets = {tuple(sorted(listed)) for listed in self.item.features}
        for option in setting.features:
            without = tuple(name for name in setting.features if name != option)
            if without in sets:
                bare = self.setting(setting.device, without, setting.dtype)
                other = self.run(bare, 0, 1, 2)[-1]
                lost = f"switches {option} on without any effect"
                shows = other.parameters != whole.parameters
                if option in FACTORS and FACTORS[option].given:  # no parameter shows it
                    shows = bits(other) != bits(whole)
                self.expect(setting, shows or option in self.item.gaps, lost)
        if self.item.schedules and setting.features == simplest(self.item):
            self.scheduled(setting)
        if "learning_rate" in self.item.groups and setting.features == simplest(self.item):
            self.grouped(setting)

    def matters(self, setting: Setting, name: str) -> bool:
        """Whether another value of a hyperparameter shows after these gradients, in a state too."""
        steps = range(len(setting.gradients))
        changed = {**setting.hyperparameters, name: VALUES[name][1]}
        other = self.run(replace(setting, hyperparameters=changed), *steps)[-1]
        return bits(other) != bits(self.run(setting, *steps)[-1])

    def scheduled(self, setting: Setting) -> None:
        """A rate that changes at the second step shows there, and not before."""
        rate = setting.hyperparameters.get("learning_rate", VALUES["learning_rate"][0])
        even = self.run(replace(setting, rates=(rate, rate)), 0, 1)
        falling = self.run(replace(setting, rates=(rate, rate / 4)), 0, 1)
        self.expect(
            setting,
            even[0].parameters == falling[0].parameters
            and even[1].parameters != falling[1].parameters,
            "learning_rates are not the rates of the steps: set `schedules` to false if upstream "
            "has no schedule",
        )

    def grouped(self, setting: Setting) -> None:
        """A rate of the second group moves the second parameter, and leaves the first its own.

        To the rounding: with another graph a compiler may fuse otherwise.
        """
        other = {"learning_rate": VALUES["learning_rate"][1]}
        everywhere = replace(setting, hyperparameters={**setting.hyperparameters, **other})
        override: tuple[dict[str, float], ...] = ({}, other)
        # Some rules move nothing at their first step.
        own, theirs, mixed = (
            self.run(one, 0, 1, 2)[-1].parameters
            for one in (setting, everywhere, replace(setting, groups=override))
        )
        self.expect(
            setting,
            nearer(mixed[0], own[0], theirs[0]) and nearer(mixed[1], theirs[1], own[1]),
            "a group's learning_rate does not apply to the parameters of that group alone",
            gap="group",
            advice="declare the gap `group` if upstream does that",
        )

    def errors_stay_errors(self, setting: Setting) -> None:
        """What cannot be answered is an error: `unsupported` is for what upstream lacks."""
        nowhere = 2**31 - 1
        nonsense = msgspec.structs.replace(setting.request(), implementation="no such thing")
        session = self.open(setting)
        for request, what in (
            (protocol.GetState(nowhere), "a session that is not open"),
            (protocol.Step(nowhere, [setting.row(0)]), "a session that is not open"),
            (nonsense, "an implementation that does not exist"),
            (protocol.SetState(session, {"aura": setting.row(0)}, 1), "a state called aura"),
        ):
            if isinstance(request, protocol.SetState) and not self.item.settable:
                continue
            kind = self.kind_of(request)
            self.expect(setting, kind == "error", f"{what} is answered with {kind}, not an error")
        self.ask(protocol.Close(session), protocol.Done)
        kind = self.kind_of(protocol.Step(session, [setting.row(0)]))
        self.expect(setting, kind == "error", f"a closed session is answered with {kind}")

    def kind_of(self, request: protocol.Request) -> str:
        """What a request is answered with."""
        try:
            self.worker.ask(request, object)
        except Refused as error:
            return error.failure.kind
        return "a reply"
