"""Targets: somebody's own optimizer as a subject."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.targets.names import read
from optimizer_conformance.adapters.targets.order import BadTarget
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.interpreters import interpreter_with
from optimizer_conformance.workers.subject import SubjectError, subject

FOLDER = Path(__file__).parent / "targets"


def target(file, name):
    return f"{FOLDER / file}.py:{name}"


def signature(**defaults):
    import inspect

    return {
        name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in defaults.items()
    }


def names(mapping=None, **defaults):
    return read(signature(**defaults), mapping or {}, set())


def test_a_function_answers_steps_as_an_implementation_does():
    with subject(target("bad", "rmsprop")) as found:
        assert found.name == "target:rmsprop"
        assert found.implementation.hyperparameters == ["learning_rate", "decay", "epsilon"]
        values = {"learning_rate": 0.5, "decay": 0.75, "epsilon": 0.0}
        trial = found.steps(np.zeros(2), [np.ones(2)], values)
    np.testing.assert_array_equal(trial.parameter, [[-1.0, -1.0]])


def test_an_adapter_that_knows_of_no_targets_is_read():
    body = {
        "reply": "description",
        "adapter": "mine",
        "protocol": protocol.PROTOCOL,
        "versions": {"mine": "1"},
        "devices": {},
        "implementations": [],
    }
    assert protocol.decode_reply(protocol.encode(body)).target is None


@pytest.mark.adapter("torch")
def test_an_optimizer_class_runs_in_another_interpreter():
    python = environments.locate("torch").python
    with subject("torch.optim:RMSprop", python=python) as found:
        assert found.signature.arguments["decay"] == "alpha"
        assert "alpha is taken for decay" in found.signature.remarks[0]
        assert ["centered", "momentum"] in found.implementation.features
        assert found.defaults["decay"] == 0.99
        values = {"learning_rate": 0.5, "decay": 0.75, "epsilon": 0.0}
        trial = found.steps(np.zeros(2), [np.ones(2)] * 2, values, rates=[0.5, 0.0])
    np.testing.assert_array_equal(trial.parameter, [[-1.0, -1.0], [-1.0, -1.0]])


@pytest.mark.adapter("torch")
def test_decay_that_is_on_by_default_is_off_where_it_is_not_asked_for():
    python = environments.locate("torch").python
    values = {"learning_rate": 0.5, "decay": 0.75, "beta1": 0.5, "epsilon": 0.0}
    with subject("torch.optim:AdamW", python=python) as found:
        plain = found.steps(np.ones(2), [np.zeros(2)], values | {"epsilon": 1.0})
        decayed = found.steps(
            np.ones(2),
            [np.zeros(2)],
            values | {"epsilon": 1.0, "weight_decay": 0.5},
            features=["weight_decay"],
        )
    np.testing.assert_array_equal(plain.parameter, [[1.0, 1.0]])
    np.testing.assert_array_equal(decayed.parameter, [[0.75, 0.75]])


@pytest.mark.parametrize(
    ("arguments", "meaning"),
    [
        ({"lr": 0.1, "alpha": 0.99}, {"learning_rate": "lr", "decay": "alpha"}),
        ({"alpha": 0.001, "beta1": 0.9, "beta2": 0.9}, {"learning_rate": "alpha"}),
        (
            {"lr": 0.1, "betas": (0.98, 0.92, 0.99)},
            {"beta1": "betas", "beta3": "betas", "decay": "betas"},
        ),
        ({"lr": 0.1, "betas": (0.9, 0.999)}, {"beta1": "betas", "decay": "betas"}),
        ({"stepSize": 0.1, "sqGradDecay": 0.9}, {"learning_rate": "stepSize"}),
        ({"learning_rate": 0.1, "gamma1": 0.9, "gamma2": 0.9}, {"momentum": "gamma2"}),
        ({"learning_rate": 0.1, "rho": 0.9, "decay": 0.0}, {"decay": "rho"}),
    ],
)
def test_an_argument_means_what_its_signature_makes_likely(arguments, meaning):
    assert names(**arguments).own.items() >= meaning.items()


def test_a_mapping_decides_before_any_guess():
    found = names({"alpha": "learning_rate", "lr": "decay"}, alpha=0.9, lr=0.1)
    assert found.own == {"learning_rate": "alpha", "decay": "lr"}
    with pytest.raises(BadTarget, match="no argument 'x'"):
        names({"x": "decay"}, alpha=0.9)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (target("nowhere", "update"), "does not exist"),
        (target("broken_import", "update"), "ModuleNotFoundError: No module named"),
        (target("exits_on_import", "update"), r"calls sys.exit\('usage: train.py DATA'\)"),
        (target("bad", "nobody"), "has no 'nobody'; it has"),
        (target("bad", "NUMBER"), "of type float"),
        (target("bad", "two_arguments"), "its signature"),
        (target("bad", "unknown_argument"), "nothing is known to pass for mystery"),
        ("no_such_module:update", "No module named 'no_such_module'"),
        ("nonsense", "no implementation"),
    ],
)
def test_a_target_that_cannot_be_used_gets_one_line(name, words):
    with pytest.raises(SubjectError, match=words) as caught, subject(name):
        pass
    assert "\n" not in str(caught.value)


def test_an_interpreter_that_does_not_exist_is_said():
    with (
        pytest.raises(SubjectError, match="no such program"),
        subject(target("bad", "rmsprop"), python="/no/such/python"),
    ):
        pass


ONES = [np.ones(2), np.ones(2)]
FORMS = {
    "right_tensorflow:Adam": ("tensorflow", "tensorflow", [-0.002, -0.002]),
    "right_keras2:RMS": ("tf_keras", "keras2", [-0.00545643, -0.00545643]),
    "right_keras2:Legacy": ("tf_keras", "keras2", [-0.00545643, -0.00545643]),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.adapter(form[0])) for name, form in FORMS.items()],
)
def test_optimizers_on_tensorflow_are_driven_in_their_own_words(name):
    adapter, kind, after = FORMS[name]
    python = environments.locate(adapter).python
    with subject(target(*name.split(":")), python=python) as found:
        assert found.signature.kind == kind
        assert {"learning_rate", "epsilon"} <= {*found.signature.arguments}
        assert found.implementation.dtypes == ["float32", "float64", "float16", "bfloat16"]
        trial = found.steps(np.zeros(2), ONES, {})
    np.testing.assert_allclose(trial.parameter[1], after, rtol=1e-4)


@pytest.mark.adapter("jax")
def test_a_class_whose_objects_are_transformations_and_a_function_on_jax_arrays():
    python = environments.locate("jax").python
    with subject(target("right_jax", "RMSProp"), python=python) as found:
        assert found.signature.kind == "optax"
        by_class = found.steps(np.zeros(2), ONES, {"learning_rate": 0.5})
    with subject(target("right_jax", "step"), python=python) as found:
        assert found.signature.kind == "jax"
        by_step = found.steps(np.zeros(2), ONES, {"learning_rate": 0.5}, rates=[0.5, 0.5])
    with subject(target("right_jax", "compiled"), python=python) as found:
        assert found.signature.kind == "jax"
        compiled = found.steps(np.zeros(2), ONES, {"learning_rate": 0.5})
    np.testing.assert_array_equal(by_class.parameter, by_step.parameter)
    np.testing.assert_allclose(by_class.parameter, compiled.parameter, rtol=1e-6)


# Frameworks that no adapter drives by themselves: what CI has no environment for is made.
ON_JAX = ("flax==0.12.8", "equinox==0.13.8", "optax==0.2.8", "jax==0.10.2")
INSTALLED = {
    "right_flax:adam": ("flax", [-0.001, -0.002]),
    "right_flax:Adam": ("flax", [-0.001, -0.002]),
    "right_flax:state": ("flax", [-0.001, -0.002]),
    "right_equinox:RMSProp": ("optax", [-0.0031622776, -0.0054564333]),
    "right_equinox:make_step": ("jax", [-0.0031622776, -0.0054564333]),
}


@pytest.fixture(scope="module")
def on_jax():
    """An interpreter with Flax and Equinox, kept for the next time."""
    return interpreter_with(*ON_JAX)


@pytest.mark.install
@pytest.mark.parametrize("name", INSTALLED)
def test_optimizers_of_flax_and_equinox_are_driven_as_their_users_step_them(name, on_jax):
    kind, after = INSTALLED[name]
    with subject(target(*name.split(":")), python=on_jax) as found:
        assert found.signature.kind == kind
        trial = found.steps(np.zeros(2), ONES, {})
    np.testing.assert_allclose(trial.parameter[:, 0], after, rtol=1e-5)
