"""Cases, and the arrays that they expand to."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from evaluations import case_of
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.cases.case import LARGEST, MODES, PROFILES, Case, draw_cases, parse
from optimizer_conformance.cases.inputs import POOL, SHAPES, STRIDED, expand
from optimizer_conformance.cases.patterns import matches, wanted
from optimizer_conformance.cases.plan import Selection, units
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.variants.record import FEATURES

SHARES = st.one_of(
    st.sampled_from(["0", "1", "1.0", "0.90"]),
    st.decimals(0, 1, places=4, allow_nan=False).map(lambda number: format(number, "f")),
)
NUMBERS = st.one_of(
    st.integers(1, 60_000).map(str),
    st.decimals("0.0001", 1000, places=4, allow_nan=False).map(lambda d: format(d, "f")),
    st.tuples(st.integers(1, 9), st.integers(-12, 3)).map(lambda pair: f"{pair[0]}e{pair[1]}"),
)
GOOD = "rmsprop/float32/origin/decay=0.9,epsilon=1e-8,learning_rate=0.01/1x64/1f"


def meant(record):
    """Texts of numbers in a hyperparameter's range."""
    texts = SHARES if record.share else NUMBERS
    return texts.filter(lambda text: record.allows(Fraction(text)))


@st.composite
def cases(draw):
    family = draw(st.sampled_from(["rmsprop", "adam"]))
    features = draw(st.lists(st.sampled_from(FEATURES), unique=True))
    if "nesterov" in features and "momentum" not in features:
        features.append("momentum")
    values = {record.name: draw(meant(record)) for record in taken(family, features)}
    steps = draw(st.integers(1, 9999))
    return Case(
        family,
        tuple(sorted(features)),
        draw(st.sampled_from(list(PRECISIONS))),
        draw(st.sampled_from(list(MODES))),
        tuple(sorted(values.items())),
        steps,
        draw(st.integers(1, LARGEST // steps)),
        draw(st.integers(0, 2**64 - 1)),
    )


def test_options_that_no_rule_has_are_refused():
    with pytest.raises(ValueError, match=r"no rule of the family rmsprop has the options nesterov"):
        parse(GOOD.replace("rmsprop/", "rmsprop+nesterov/"))


@given(case=cases())
def test_an_identifier_names_its_case(case):
    assert parse(case.identifier) == case
    assert parse(f"  {case.identifier}\n") == case


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("", "is no case: copy one from a report, such as rmsprop/"),
        ("nonsense", "is no case"),
        (GOOD.replace("rmsprop", "muon"), "unknown family 'muon'.*known are .*rmsprop"),
        (GOOD.replace("rmsprop", "rmsprop+wings"), "unknown feature 'wings'.*known are amsgrad"),
        (GOOD.replace("float32", "float31"), "unknown dtype 'float31'.*did you mean float32"),
        (GOOD.replace("origin", "sideways"), "unknown mode 'sideways'.*known are boundaries"),
        (GOOD.replace("0.9", "nan"), "decay=nan is no decimal"),
        (GOOD.replace("0.9", "-1"), "decay=-1: decay is .* from 0 to 1"),
        (GOOD.replace("0.9", ""), "decay= has no value"),
        (GOOD.replace("1x64", "0x64"), "is no case"),
        (GOOD.replace("/1f", "/xyz"), "is no case"),
        (GOOD + "/more", "is no case"),
    ],
)
def test_a_bad_identifier_says_which_part_is_wrong(identifier, message):
    with pytest.raises(ValueError, match=message):
        parse(identifier)


@given(text=st.text(max_size=80))
def test_any_other_text_is_a_value_error_and_nothing_else(text):
    try:
        found = parse(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - no text must raise anything else
    else:
        assert isinstance(found, Case)


class TestDrawing:
    @pytest.mark.parametrize("mode", MODES)
    def test_the_same_seed_gives_the_same_cases(self, mode):
        asked = ("adam", ("weight_decay",), "float32", mode, "default", 5)
        first = draw_cases(*asked)
        draw_cases.cache_clear()
        assert draw_cases(*asked) == first

    def test_another_seed_gives_other_cases(self):
        first, second = (
            draw_cases("rmsprop", (), "float32", "injected", "default", seed) for seed in (0, 1)
        )
        assert set(first).isdisjoint(second)

    def test_a_mode_that_is_named_is_asked_in_any_profile(self):
        asked = ("rmsprop", (), "float32", "steps", "quick", 0)
        assert draw_cases(*asked) == ()
        assert draw_cases(*asked, least=1)

    def test_modes_have_streams_of_their_own(self):
        seeds = [
            case.seed
            for mode in MODES
            for case in draw_cases("rmsprop", (), "float32", mode, "default", 0)
        ]
        assert len(set(seeds)) == len(seeds)

    def test_what_knows_float64_alone_is_asked_as_much_as_others_in_float32(self):
        def modes(*dtypes):
            item = Implementation("x:y", "adam", [], [[]], [], list(dtypes), ["cpu"], [])
            planned = units(item, Selection(profile="quick"), {})
            return [unit.case.mode for unit in planned if unit.case.dtype == dtypes[0]]

        assert modes("float64") == modes("float32", "float64") != []

    def test_every_hyperparameter_that_the_features_need_is_drawn(self):
        features = ("loss_scale", "momentum", "weight_decay")
        for case in draw_cases("adam", features, "float32", "trajectory", "full", 0):
            assert set(case.decimals) == {"learning_rate", "decay", "epsilon", "beta1", *features}
            assert parse(case.identifier) == case

    def test_float16_gets_an_epsilon_that_it_can_hold(self):
        for case in draw_cases("rmsprop", (), "float16", "injected", "full", 0):
            assert PRECISIONS["float16"].round(float(case.decimals["epsilon"])) > 0

    @pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
    def test_trajectories_are_as_long_as_the_profile_says(self, profile):
        for case in draw_cases("rmsprop", (), "float32", "trajectory", profile.name, 0):
            assert (case.steps, case.size) == (profile.steps, profile.size)


class TestInputs:
    @pytest.mark.parametrize("mode", MODES)
    def test_the_same_case_always_gives_the_same_bits(self, mode):
        case = case_of(mode=mode, steps=4, size=300 if "layout" in mode else 16)
        for one, other in zip(expand(case).parameters, expand(case).parameters, strict=True):
            assert one.name == other.name
            assert one.value.tobytes() == other.value.tobytes()
            for left, right in zip(one.gradients, other.gradients, strict=True):
                assert left.tobytes() == right.tobytes()
            assert {k: v.tobytes() for k, v in one.state.items()} == {
                k: v.tobytes() for k, v in other.state.items()
            }

    @pytest.mark.parametrize("dtype", PRECISIONS)
    @settings(max_examples=10, deadline=None)
    @given(seed=st.integers(0, 2**64 - 1), mode=st.sampled_from(list(MODES)))
    def test_every_number_is_representable_in_the_dtype(self, dtype, seed, mode):
        epsilon = "0.01" if dtype == "float16" else "1e-8"
        case = case_of(dtype=dtype, mode=mode, steps=3, size=260, seed=seed, epsilon=epsilon)
        for item in expand(case).parameters:
            for array in (item.value, *item.gradients, *item.state.values()):
                rounded = PRECISIONS[dtype].round(array)
                assert ((rounded == array) | np.isnan(array)).all()

    def test_another_seed_gives_other_numbers(self):
        one, other = (expand(case_of(seed=seed)).parameters[0].gradients[0] for seed in (1, 2))
        assert (one != other).all()

    def test_the_origin_is_zero(self):
        assert not any(item.value.any() for item in expand(case_of(mode="origin")).parameters)

    def test_an_injected_state_is_one_that_squares_allow(self):
        for item in expand(case_of(mode="injected")).parameters:
            second, mean = item.state["second_moment"], item.state["mean_gradient"]
            assert (second >= 0).all()
            assert (item.state["maximum_second_moment"] >= second).all()
            if item.name == "wide":
                assert (second > mean**2).all()

    def test_the_rate_drops_midway(self):
        inputs = expand(case_of(mode="rate-change", steps=4, learning_rate="0.1"))
        assert inputs.rates == ["0.1", "0.1", "0.025", "0.025"]

    def test_a_rate_that_is_looked_at_once_drops_at_once(self):
        (case,) = draw_cases("rprop", (), "float64", "rate-change", "default", 0)
        first, second, *_ = expand(case).rates
        assert float(second) == float(first) / 4

    @pytest.mark.parametrize("dtype", list(PRECISIONS))
    def test_a_norm_has_a_tensor_with_nan_and_one_with_an_infinity_alone(self, dtype):
        for case in draw_cases("novograd", ("momentum",), dtype, "injected", "default", 0):
            found = {item.name: item.gradients[0] for item in expand(case).parameters}
            assert np.isnan(found["non-finite"]).any()
            assert np.isinf(found["infinite"]).any()
            assert not np.isnan(found["infinite"]).any()

    def test_groups_have_hyperparameters_of_their_own(self):
        inputs = expand(case_of(mode="groups", steps=2))
        assert inputs.groups[0] == {}
        assert float(inputs.groups[1]["learning_rate"]) == pytest.approx(0.01 / 3, rel=1e-15)
        assert {item.group for item in inputs.parameters} == {0, 1}

    def test_regimes_are_what_they_say(self):
        case = case_of(mode="restored", steps=6, size=200)
        found = {item.name: item.gradients for item in expand(case).parameters}
        assert all((row == found["constant"][0]).all() for row in found["constant"])
        signs = [np.sign(row) for row in found["alternating"]]
        assert all((a == -b).all() for a, b in pairwise(signs))
        sparse = np.stack(found["sparse"])
        assert (sparse == 0).mean() > 0.5
        assert np.signbit(sparse[sparse == 0]).any()
        assert not np.isfinite(found["non-finite"][0]).all()
        assert (np.abs(found["huge"][0]).max() ** 2) > PRECISIONS["float32"].largest
        assert (np.abs(found["tiny"][0]).min() ** 2) < PRECISIONS["float32"].smallest_normal


class TestLayout:
    def test_every_shape_and_memory_layout_is_there(self):
        parameters = expand(case_of(mode="layout", size=5000)).parameters
        contiguous = [item.value.shape for item in parameters if item.layout == "contiguous"]
        strided = [item.value.shape for item in parameters if item.layout == "strided"]
        assert contiguous == [*SHAPES, (5000,)]
        assert strided == list(STRIDED)
        assert len({item.name for item in parameters}) == len(parameters)

    def test_an_element_knows_its_experiment(self):
        """The same experiment has the same numbers wherever it stands."""
        known = {}
        for item in expand(case_of(mode="layout", size=700)).parameters:
            assert item.experiment.shape == item.value.shape
            numbers = zip(
                item.experiment.ravel(), item.value.ravel(), item.gradients[0].ravel(), strict=True
            )
            for experiment, value, gradient in numbers:
                assert known.setdefault(int(experiment), (value, gradient)) == (value, gradient)
        assert set(known) == set(range(POOL))

    def test_the_filled_layout_has_no_empty_and_no_scalar_parameter(self):
        parameters = expand(case_of(mode="layout-filled", size=700)).parameters
        assert all(item.value.ndim and item.value.size for item in parameters)


class TestPatterns:
    def test_brackets_stand_for_themselves(self):
        assert matches("torch:Adam[foreach]", "torch:Adam[foreach]")
        assert matches("torch:Adam[foreach]", "torch:*[*]")
        assert not matches("torch:Adamf", "torch:Adam[foreach]")

    def test_no_pattern_fits_everything(self):
        assert wanted("anything", ())
        assert not wanted("anything", ("other*",))
