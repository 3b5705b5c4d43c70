"""What an adapter offers: a row an implementation, and the module's members made from the rows.

A module says what differs between its rows, and how a session drives the framework::

    OFFERS = {"chainer:RMSprop": Offer(own=optimizers.RMSprop, family="rmsprop", …), …}
    ADAPTER = Adapter("chainer", OFFERS, OptimizerSession, packages=("chainer", "numpy"))
    NAME, describe, open_session, probe = ADAPTER.members
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.public import undriven

HOST = {"cpu": "host"}
BETAS = ("beta1", "beta2", "beta3")


@dataclass(frozen=True)
class Offer:
    """One way to run an update rule: what it is made of, and what is said of it.

    own        the framework's class or function; None where this release has none
    claims, features, dtypes, gaps, undriven, settable, compiled, schedules, groups, loop
               as in ``protocol.Implementation``
    names      canonical hyperparameters to its own; beta1, beta2 and beta3 stand in an argument
               ``betas`` where it takes one
    state      canonical state to its own name, or to a pair of that and the feature that makes it
    switches   features that are Boolean arguments, of the same name or of the one beside it
    arguments  what chooses this way
    off        canonical hyperparameters that are not zero by default, and the value that switches
               off the feature of the same name
    arithmetic kind of device (``cpu``, ``cuda``) to the profile of its roots and divisions there
    page       where its documentation stands; its name takes the place of ``{}``
    """

    own: Any
    family: protocol.Family
    claims: Sequence[str]
    names: Mapping[str, str]
    features: Sequence[Sequence[str]] = ((),)
    state: Mapping[str, Any] = field(default_factory=dict)
    switches: Sequence[str] | Mapping[str, str] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    off: Mapping[str, float] = field(default_factory=dict)
    dtypes: Sequence[protocol.DType] = ("float32", "float64")
    gaps: Mapping[str, str] = field(default_factory=dict)
    undriven: Mapping[str, str] = field(default_factory=dict)
    arithmetic: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    settable: bool = True
    compiled: bool = False
    schedules: bool = True
    groups: Sequence[str] = ()
    loop: Sequence[str] = ()

    def changed(self: Row, **fields: Any) -> Row:
        """The same row with other fields."""
        return replace(self, **fields)

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The arguments that choose this way, as far as the installed release knows them."""
        return self.arguments

    def lacking(self) -> str:
        """Why the installed release does not have this row, or empty."""
        return ""

    @property
    def switched(self) -> dict[str, str]:
        """Features to the Boolean arguments that switch them on."""
        given = self.switches
        return dict(given) if isinstance(given, Mapping) else {name: name for name in given}

    def kept(self, features: Sequence[str]) -> dict[str, str]:
        """Canonical state to its own name, as far as these features have it."""
        pairs = {
            name: (own, "") if isinstance(own, str) else own for name, own in self.state.items()
        }
        return {name: own for name, (own, needs) in pairs.items() if not needs or needs in features}

    def settings(self, request: protocol.Open) -> dict[str, Any]:
        """What a request comes to in arguments of its own.

        One without hyperparameters is for the constructor's defaults: nothing is switched off.
        """
        off = self.off if request.hyperparameters else {}
        return {
            **{self.names[name]: v for name, v in off.items() if name not in request.features},
            **joined(self.own, kit.keywords(request, self.names)),
            **{own: True for name, own in self.switched.items() if name in request.features},
            **self.chosen,
        }

    def described(
        self, name: str, devices: Sequence[str], **fields: Any
    ) -> protocol.Implementation:
        """What is said of it on these devices; ``fields`` stand in place of its own."""
        reason = self.lacking()
        gaps = {**self.gaps, **({"device": reason} if reason else {})}
        known: dict[str, Any] = {
            "family": self.family,
            "claims": list(self.claims),
            "features": [list(listed) for listed in self.features],
            "hyperparameters": list(self.names),
            "dtypes": list(self.dtypes),
            "devices": [] if reason else list(devices),
            "state": list(self.state),
            "settable": self.settable,
            "compiled": self.compiled,
            "schedules": self.schedules,
            "groups": list(self.groups),
            "loop": list(self.loop),
            "gaps": gaps,
            "undriven": dict(self.undriven),
            "arithmetic": {
                device: self.arithmetic[kind]
                for device in devices
                if (kind := device.partition(":")[0]) in self.arithmetic
            },
            "documentation": self.page.format(getattr(self.own, "__name__", "")),
        }
        return protocol.Implementation(name=name, **{**known, **fields})

    def defaults(self) -> dict[str, float | bool | str | None]:
        """The defaults of its constructor by canonical name."""
        names = {**self.names, **self.switched}
        found = kit.constructor_defaults(self.own, names)
        canonical = {own: name for name, own in self.names.items()}
        if set(BETAS) & set(canonical) and (betas := default_betas(self.own)):
            pairs = zip(BETAS, betas, strict=False)
            found.update({canonical[own]: value for own, value in pairs if own in canonical})
        return found


Row = TypeVar("Row", bound=Offer)


def default_betas(function: Callable[..., Any] | None) -> Any:
    """The default of its argument ``betas``; None where it takes none."""
    taken = inspect.signature(function).parameters.get("betas") if function else None
    return taken and taken.default


def joined(function: Callable[..., Any] | None, own: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with beta1, beta2 and beta3 in one, ``betas``, where ``function`` has that."""
    betas = default_betas(function) if set(BETAS) & set(own) else None
    if betas is None:
        return dict(own)
    rest = {name: value for name, value in own.items() if name not in BETAS}
    taken = zip(BETAS, betas, strict=False)  # two of them, or three
    return {**rest, "betas": tuple(own.get(name, value) for name, value in taken)}


class Adapter(Generic[Row]):
    """The members of a module, from its offers.

    session    makes a session of a request and its offer
    packages   distributions whose versions are given, the framework's first
    flags      the switches that change arithmetic, read when the framework is asked
    no_groups  why groups are refused; empty where they are not
    public     where the framework's public optimizers stand, as :func:`public.undriven` takes it
    """

    def __init__(
        self,
        name: str,
        offers: Mapping[str, Row],
        session: Callable[[protocol.Open, Row], kit.Session],
        *,
        packages: Sequence[str],
        flags: Callable[[], dict[str, str]] = dict,
        no_groups: str = "",
        public: Mapping[str, str] = {},
    ) -> None:
        self.name, self.offers, self.session = name, offers, session
        self.packages, self.flags, self.no_groups = packages, flags, no_groups
        self.public = public

    @property
    def members(self) -> Any:
        """NAME, describe, open_session and probe."""
        return self.name, self.describe, self.open_session, self.probe

    def describe(self) -> protocol.Description:
        return self.description()

    def description(
        self,
        *,
        versions: Mapping[str, str] | None = None,
        devices: Mapping[str, str] = HOST,
        gaps: Mapping[str, str] = {},
        unavailable: str = "",
    ) -> protocol.Description:
        """What the adapter says of itself; ``gaps`` are those of every row here and now."""
        rows = {
            name: offer.changed(gaps={**offer.gaps, **gaps}) for name, offer in self.offers.items()
        }
        return protocol.Description(
            adapter=self.name,
            protocol=protocol.PROTOCOL,
            versions=dict(kit.versions(*self.packages) if versions is None else versions),
            devices=dict(devices),
            implementations=[offer.described(name, list(devices)) for name, offer in rows.items()],
            flags=self.flags(),
            unavailable=unavailable,
            others=undriven(self.public, (offer.own for offer in self.offers.values())),
        )

    def open_session(self, request: protocol.Open) -> kit.Session:
        offer = self.offers[request.implementation]
        if request.groups and self.no_groups:
            raise kit.Unsupported(self.no_groups)
        kit.check_features(request, offer.features)
        return self.session(request, offer)

    def probe(self, implementation: str) -> dict[str, float | bool | str | None]:
        return self.offers[implementation].defaults()
