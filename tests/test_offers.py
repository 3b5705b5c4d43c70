"""Offers: what a row of an adapter comes to; its constructor only remembers its arguments."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from optimizer_conformance.adapters import kit, protocol, public
from optimizer_conformance.adapters.offer import Adapter, Offer, joined

TOP = Path(__file__).parents[1]


def constructor(lr=0.1, betas=(0.9, 0.99), weight_decay=0.5, *, amsgrad=False, foreach=None):
    """As an optimizer's."""


OFFER = Offer(
    own=constructor,
    family="adam",
    claims=["some-adam"],
    features=[[], ["amsgrad"], ["weight_decay"]],
    names={
        "learning_rate": "lr",
        "beta1": "beta1",
        "decay": "beta2",
        "weight_decay": "weight_decay",
    },
    state={"first_moment": "m", "maximum_second_moment": ("vmax", "amsgrad")},
    switches=["amsgrad"],
    arguments={"foreach": True},
    off={"weight_decay": 0.0},
    page="https://example.org/{}",
)


def request(*features, groups=(), **hyperparameters):
    return protocol.Open("a:b", "cpu", [], hyperparameters, list(features), list(groups))


def test_hyperparameters_go_by_their_own_names_and_betas_together():
    assert OFFER.settings(request(learning_rate=0.5, decay=0.75)) == {
        "lr": 0.5,
        "betas": (0.9, 0.75),
        "weight_decay": 0.0,
        "foreach": True,
    }


def test_without_hyperparameters_the_defaults_are_left_alone():
    assert OFFER.settings(request()) == {"foreach": True}


def test_a_feature_is_switched_on_and_what_is_on_by_default_left_to_it():
    asked = request("amsgrad", "weight_decay", weight_decay=0.25)
    assert OFFER.settings(asked) == {"weight_decay": 0.25, "amsgrad": True, "foreach": True}


def test_a_hyperparameter_without_a_name_is_unsupported():
    with pytest.raises(kit.Unsupported, match="takes no epsilon"):
        OFFER.settings(request(epsilon=1.0))


def test_betas_that_are_two_arguments_stay_two():
    assert joined(lambda beta1, beta2: None, {"beta1": 0.5}) == {"beta1": 0.5}


def test_state_is_there_with_its_feature():
    assert OFFER.kept([]) == {"first_moment": "m"}
    assert OFFER.kept(["amsgrad"]) == {"first_moment": "m", "maximum_second_moment": "vmax"}


def test_defaults_are_read_from_the_constructor():
    assert OFFER.defaults() == {
        "learning_rate": 0.1,
        "beta1": 0.9,
        "decay": 0.99,
        "weight_decay": 0.5,
        "amsgrad": False,
    }


class Absent(Offer):
    """A row that this release lacks."""

    def lacking(self):
        return "not in this release"


def test_a_row_that_the_release_lacks_has_no_device_and_says_why():
    found = Absent(own=None, family="adam", claims=[], names={}).described("a:b", ["cpu"])
    assert found.devices == []
    assert found.gaps == {"device": "not in this release"}


class TestAdapter:
    adapter = Adapter(
        "a",
        {"a:b": OFFER},
        lambda asked, offer: (asked, offer),
        packages=("numpy",),
        no_groups="one set",
    )

    def test_is_described_from_its_rows(self):
        found = self.adapter.describe()
        (item,) = found.implementations
        assert (item.name, item.hyperparameters) == ("a:b", list(OFFER.names))
        assert item.documentation == "https://example.org/constructor"
        assert protocol.decode_reply(protocol.encode(found)) == found

    def test_opens_what_was_declared(self):
        asked = request("amsgrad")
        assert self.adapter.open_session(asked) == (asked, OFFER)

    def test_refuses_groups_and_sets_of_options_that_nobody_declared(self):
        with pytest.raises(kit.Unsupported, match="one set"):
            self.adapter.open_session(request(groups=[{}]))
        with pytest.raises(kit.Unsupported, match="has no amsgrad, weight_decay"):
            self.adapter.open_session(request("amsgrad", "weight_decay"))


def test_the_guide_shows_the_adapter_as_it_is():
    module = (TOP / "adapters" / "autograd.py").read_text(encoding="utf-8")
    guide = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    variants = (TOP / "reference" / "variants" / "autograd.py").read_text(encoding="utf-8")
    claimed = guide[guide.index("**1. The variants") : guide.index("**2. The requirements**")]
    blocks = re.findall(r"^```python\n(.*?)^```", claimed, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    assert blocks[0] in variants
    guide = guide[guide.index("**3. The module**") : guide.index("**4. Try it.**")]
    shown = re.findall(r"^```python\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    assert all(part in module for part in shown)


def test_what_is_public_and_driven_by_no_row_is_named():
    found = public.undriven({"collections": "dict", "no.such.module": "x"}, [Counter])
    assert found == ["collections.OrderedDict", "collections.defaultdict"]
