"""Somebody's own optimizer: one implementation, described after it was tried.

``adapters.worker`` serves it by an :class:`adapters.targets.order.Order`.  Its state is not shown:
what an optimizer that nobody knows keeps under a known name may be something else, so that it is
judged by its parameters alone.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import kinds
from optimizer_conformance.adapters.targets.loading import load
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import (
    BadTarget,
    Late,
    Misbehaviour,
    Order,
    Raised,
    first_line,
    line_in,
    within,
)

SIZE = 3  # elements of a trial
MAIN = "float32"
ENDS = {"empty": (0,), "scalar": ()}  # shapes that not everything takes


@dataclass(frozen=True)
class Refusal:
    """Why a target cannot take two steps in some way.

    why      what was raised, or what came back
    wrong    it does what no optimizer may, instead of raising
    widened  it takes them, and its parameters come back in another dtype
    """

    why: str
    wrong: bool = False
    widened: bool = False


class Target:
    """What :class:`adapters.worker.Server` serves: the members of an adapter module.

    ``found`` is the object, where it is at hand already.
    """

    def __init__(self, order: Order, found: Any = None) -> None:
        self.order, self.found = order, found
        self.maker: Maker | None = None
        self.late = ""

    def describe(self) -> protocol.Description:
        order = self.order
        found = load(order) if self.found is None else self.found
        kind = order.kind or kinds.recognised(found)
        if kind not in kinds.KINDS:
            raise BadTarget(f"no kind {kind!r}; known are {', '.join(kinds.KINDS)}")
        try:
            self.kind: Any = importlib.import_module(f"{kinds.__package__}.{kind}")
        except ImportError as error:
            raise BadTarget(f"a target of the kind {kind}: {first_line(error)}") from error
        if kinds.transformation(found) and not inspect.isclass(found):
            made = found
            found = lambda: made  # noqa: E731 - what makes it is all that is asked for
        stated = getattr(self.kind, "stated", lambda _: None)(found)
        skipped = getattr(self.kind, "skipped", lambda _: self.kind.SKIPPED)(found)
        self.maker = maker = Maker(found, order, skipped, stated)
        self.devices: dict[str, str] = self.kind.devices()
        dtypes, refused = self.tried()
        schedules = self.trial(dtypes[0], rates=[0.5, 0.25])
        shapes = {name: self.trial(dtypes[0], shape=shape) for name, shape in ENDS.items()}
        trials = {"schedule": schedules, **shapes}
        trials.update(habits := self.habits(dtypes, self.habitual(kind, dtypes[0])))
        remarked = self.habits(dtypes, getattr(self.kind, "REMARKS", {})).values()
        remarks = [refusal.why for refusal in remarked if refusal and refusal.wrong]
        refused.update({name: refusal for name, refusal in trials.items() if refusal})
        put = [name for name, refusal in habits.items() if refusal is None or refusal.wrong]
        groups = [] if self.trial(dtypes[0], groups=True) else self.grouped(dtypes[0])
        return protocol.Description(
            adapter="target",
            protocol=protocol.PROTOCOL,
            versions=versions(self.kind.PACKAGES),
            devices=self.devices,
            implementations=[
                protocol.Implementation(
                    name=order.name,
                    family=maker.family,  # one of two literals
                    claims=order.claims,
                    features=maker.features,
                    hyperparameters=list(maker.names.own),
                    dtypes=dtypes,
                    devices=list(self.devices),
                    state=[],
                    settable=False,
                    schedules=not schedules,
                    groups=groups,
                    gaps={name: refusal.why for name, refusal in refused.items()},
                    misbehaves=[name for name, refusal in refused.items() if refusal.wrong],
                    arithmetic=self.kind.arithmetic(),
                    documentation=order.place,
                    loop=[*getattr(self.kind, "LOOP", ()), *put],
                )
            ],
            target=protocol.TargetSignature(
                kind=kind,
                arguments=maker.names.own,
                switches=maker.names.switches,
                remarks=[*maker.names.remarks, *remarks],
                others={name: repr(value) for name, value in maker.names.others.items()},
            ),
        )

    def tried(self) -> tuple[list[protocol.DType], dict[str, Refusal]]:
        """The dtypes in which it takes a step, and why it takes none in the others.

        Where it takes none at all it is described by its first: whoever asks it hears why.
        Raises BadTarget where it cannot even be constructed.
        """
        trials = {dtype: self.trial(dtype) for dtype in self.kind.DTYPES}
        refused = {dtype: refusal for dtype, refusal in trials.items() if refusal}
        if MAIN in refused and refused[MAIN].widened:
            del refused[MAIN]  # it takes what everybody uses, and has to give it back
        dtypes = [dtype for dtype in self.kind.DTYPES if dtype not in refused]
        if not dtypes:
            self.open_session(self.request(self.kind.DTYPES[0]))
            dtypes = [self.kind.DTYPES[0]]
            refused.pop(dtypes[0])
        return dtypes, refused

    def habitual(self, kind: str, dtype: str) -> Mapping[str, Callable[..., str]]:
        """What is asked of this kind besides to step."""
        assert self.maker is not None
        if kind not in ("course", "function", "moments"):
            found: Mapping[str, Callable[..., str]] = getattr(self.kind, "HABITS", {})
            return found
        from optimizer_conformance.adapters.targets import array_habits  # noqa: PLC0415 - of these

        return array_habits.habits(self.kind, self.maker, self.request(dtype))

    def habits(
        self, dtypes: list[protocol.DType], asked: Mapping[str, Callable[..., str]]
    ) -> dict[str, Refusal | None]:
        """What it does where a loop does more than to step, and why it could not be tried."""
        assert self.maker is not None
        arguments = self.maker.arguments(self.request(dtypes[0]))
        make = partial(self.maker.made, **arguments)
        found: dict[str, Refusal | None] = {}
        for name, habit in asked.items():
            if self.late:
                break
            try:
                with within(self.order.limit):
                    wrong = habit(make, dtypes)
                found[name] = Refusal(wrong, wrong=True) if wrong else None
            except Late:
                self.late = f"a step takes more than {self.order.limit:g} s"
            except Exception as error:  # noqa: BLE001 - foreign code raises what it likes
                found[name] = Refusal(first_line(error))
        return found

    def grouped(self, dtype: str) -> list[str]:
        """The hyperparameters that may differ between groups."""
        assert self.maker is not None
        allowed = getattr(self.kind, "GROUPS", tuple(self.maker.names.own))
        if hasattr(self.kind, "grouped"):
            allowed = self.kind.grouped(self.request(dtype, groups=True), self.maker)
        return [name for name in self.maker.names.own if name in allowed]

    def trial(
        self,
        dtype: str,
        *,
        rates: list[float] | None = None,
        groups: bool = False,
        shape: tuple[int, ...] = (SIZE,),
    ) -> Refusal | None:
        """Why it cannot take two steps in this way; None where it can."""
        if self.late:
            return Refusal(self.late)
        request = self.request(dtype, rates=rates or [], groups=groups, shape=shape)
        gradient = kit.to_array(request.parameters[0].value)
        gradients = [gradient.copy() for _ in request.parameters]
        try:
            with within(self.order.limit):
                session = self.opened(request)
                for _ in range(2):
                    session.step([item.copy() for item in gradients])
            came = {kit.to_tensor(value).dtype for value in session.parameters()}
        except Late:
            self.late = f"a step takes more than {self.order.limit:g} s"
            return Refusal(self.late)
        except (kit.Unsupported, Misbehaviour, BadTarget, Raised) as gap:
            return Refusal(str(gap), wrong=isinstance(gap, Misbehaviour))
        except Exception as error:  # noqa: BLE001 - foreign code raises what it likes
            return Refusal(first_line(error))
        if came == {dtype}:
            return None
        return Refusal(f"parameters come back as {', '.join(sorted(came))}", widened=True)

    def request(
        self,
        dtype: str,
        *,
        rates: list[float] | None = None,
        groups: bool = False,
        shape: tuple[int, ...] = (SIZE,),
    ) -> protocol.Open:
        """Ordinary values for everything that it takes; the constructor's own where it has some."""
        assert self.maker is not None
        bits = np.full(shape, 0x3F80, np.uint16)  # ones in bfloat16
        value = bits if dtype == "bfloat16" else np.ones(shape, dtype)
        tensor = kit.to_tensor(value)
        names = ["w", "v"] if groups else ["w"]
        own = self.maker.names
        needed = {name: 0.5 for name in own.own if name not in self.maker.defaults}
        features = min(self.maker.features, key=len)
        return protocol.Open(
            implementation=self.order.name,
            device=next(iter(self.devices)),
            parameters=[
                protocol.Parameter(name, tensor, group=index) for index, name in enumerate(names)
            ],
            hyperparameters=needed,
            features=features,
            groups=[{}, {"learning_rate": 0.25}] if groups else [],
            learning_rates=rates or [],
        )

    def open_session(self, request: protocol.Open) -> kit.Session:
        """A session; what its constructor raises is the target's fault."""
        if request.implementation != self.order.name:
            raise LookupError(f"this worker serves {self.order.name} alone")
        try:
            return self.opened(request)
        except (kit.Unsupported, BadTarget, Misbehaviour):
            raise
        except Exception as error:
            raise BadTarget(f"it cannot be constructed: {first_line(error)}") from error

    def opened(self, request: protocol.Open) -> kit.Session:
        assert self.maker is not None, "it has not been described yet"
        return Counted(self.kind.Session(request, self.maker), self.order.place)

    def probe(self, implementation: str) -> dict[str, float | bool | str | None]:
        assert self.maker is not None
        plain = (bool, int, float, str)
        return {
            name: value if value is None or isinstance(value, plain) else str(value)
            for name, value in self.maker.defaults.items()
        }


class Counted:
    """A session that says in which step something was raised."""

    def __init__(self, session: kit.Session, place: str) -> None:
        self.session, self.place, self.taken = session, place, 0
        self.parameters, self.state = session.parameters, session.state
        self.set_state = session.set_state

    def step(self, gradients: list[Array]) -> list[Array]:
        self.taken += 1
        with self.said(f"step {self.taken}"):
            return self.session.step(gradients)

    def reload(self) -> None:
        """As the session does it, where it can."""
        reload = getattr(self.session, "reload", None)
        if reload is None:
            raise kit.Unsupported("targets of its kind are not saved and loaded")
        with self.said("loading what it saved"):
            reload()

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        """What raises, and where."""
        try:
            yield
        except (kit.Unsupported, Misbehaviour, BadTarget, Late):
            raise
        except Exception as error:
            where = line_in(error, self.place)
            raise Raised(f"{what} raises {first_line(error)}{where}") from error


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions; a package under another name has none."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            module: Any = importlib.import_module(name)
            found[name] = str(getattr(module, "__version__", "unknown"))
    return found
