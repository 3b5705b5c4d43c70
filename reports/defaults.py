"""The table of defaults: what a constructor really has, read from the constructor."""

from __future__ import annotations

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reports.facts import Facts, ImplementationFacts
from optimizer_conformance.reports.model import FEATURES
from optimizer_conformance.reports.sheets import Sheet

TITLE = "Defaults"
ABOUT = (
    "What each constructor takes where nothing is given, read from the installed constructor. "
    "decay is the decay of the second moment, whatever a framework calls it (rho, alpha, gamma, "
    "beta2). required: there is no default; unseen: the signature does not show it. The last "
    "column is a comparison that ran: a case without any hyperparameter against the documented "
    "rule with the documented defaults."
)
UNSEEN = "unseen"  # an option's: the signature does not show it


def sheets(found: Facts) -> list[Sheet]:
    """A table a family."""
    families = dict.fromkeys(item.family for item in found.implementations)
    return [sheet(family, found.implementations) for family in families]


def sheet(family: str, items: list[ImplementationFacts]) -> Sheet:
    """The defaults of one family."""
    own = [item for item in items if item.family == family]
    names = [name for name in HYPERPARAMETERS if any(name in item.hyperparameters for item in own)]
    shown = [item for item in own if item.defaults]
    hidden = ", ".join(item.name for item in own if not item.defaults)
    return Sheet(
        family,
        f"Without a constructor that states defaults: {hidden}." if hidden else "",
        (
            "implementation",
            "version",
            *(name.replace("_", " ") for name in names),
            "switched on",
            "as documented",
        ),
        [
            [
                item.name,
                item.version,
                *(default(item, name) for name in names),
                switches(item),
                item.documented or "–",
            ]
            for item in shown
        ],
    )


def default(item: ImplementationFacts, name: str) -> str:
    """One default as a person writes it."""
    if name in item.defaults:
        return number(item.defaults[name])
    if name not in item.hyperparameters:
        return ""
    # A constructor that states no default asks for what no option brings.
    return UNSEEN if HYPERPARAMETERS[name].option else "required"


def number(value: float | bool | str | None) -> str:
    """``1e-8``, not ``1e-08``; the shortest decimal that is this number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    mantissa, _, exponent = f"{value!r}".partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def switches(item: ImplementationFacts) -> str:
    """Options that are on without being asked for."""
    on = [name for name in FEATURES if item.defaults.get(name) is True]
    return ", ".join(name.replace("_", " ") for name in on)
