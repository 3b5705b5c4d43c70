"""Records of run folders for tests: what is not given is what an older folder would have."""

from __future__ import annotations

import msgspec

from optimizer_conformance.adapters.protocol import Description, Implementation
from optimizer_conformance.reports import formats
from optimizer_conformance.reports.records import FORMAT, Footer, Provenance


def provenance_of(**given):
    return msgspec.convert(formats.provenance({"format": FORMAT, **given}), Provenance)


def footer_of(**given):
    return msgspec.convert(formats.footer(given), Footer)


def described(name="fake", implementations=(), **given):
    given = {"versions": {name: "1"}, "devices": {"cpu": "host"}, **given}
    return Description(name, 1, implementations=list(implementations), **given)


def implementation(name, **given):
    empty = {key: [] for key in ("features", "hyperparameters", "dtypes", "devices", "state")}
    return Implementation(**{"name": name, "family": "rmsprop", "claims": [], **empty, **given})
