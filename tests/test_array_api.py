"""What runs on CuPy, over a strict array API: the first run on a device is not its first run.

Nothing outside the standard is there, so what the adapter's array form uses is in every library.
"""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import array_api_strict as xp
import numpy as np
import pytest

from optimizer_conformance.adapters import cupy as adapter
from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.reference.matlab import adamupdate, rmspropupdate

STANDARD = SimpleNamespace(
    array=xp.asarray,
    zeros=xp.zeros,
    sqrt=xp.sqrt,
    asnumpy=np.asarray,
    cuda=SimpleNamespace(
        Device=lambda index: nullcontext(),
        nvrtc=SimpleNamespace(getVersion=lambda: (0, 0)),
        runtime=SimpleNamespace(
            getDeviceCount=lambda: 1, getDeviceProperties=lambda index: {"name": b"standard"}
        ),
    ),
)
H = {"learning_rate": 0.05, "beta1": 0.75, "decay": 0.5, "epsilon": 1e-3}
STATE = {"rmsprop": ["second_moment"], "adam": ["first_moment", "second_moment"]}


@pytest.fixture
def session(monkeypatch):
    """Opens a session of the adapter's array form over the standard alone."""
    monkeypatch.setattr(adapter, "cupy", STANDARD)

    def opened(family, values, layout="contiguous"):
        numbers = {k: v for k, v in H.items() if family == "adam" or k != "beta1"}
        return adapter.open_session(
            protocol.Open(
                implementation=f"cupy:arrays.{family}",
                device="cuda:0",
                features=[],
                hyperparameters=numbers,
                learning_rates=[],
                parameters=[
                    protocol.Parameter(name=f"p{i}", value=kit.to_tensor(v), layout=layout)
                    for i, v in enumerate(values)
                ],
            )
        )

    return opened


def updated(family, state, p, g, t):
    """A step of the same formula by :mod:`reference.matlab`, over the same strict arrays."""
    strict = [xp.asarray(array) for array in (p, g, *state)]
    if family == "rmsprop":
        found = rmspropupdate(*strict, H["learning_rate"], H["decay"], H["epsilon"])
    else:
        options = (H["learning_rate"], H["beta1"], H["decay"], H["epsilon"])
        found = adamupdate(*strict, t, *options)
    return [np.asarray(array) for array in found]


@pytest.mark.parametrize("layout", ["contiguous", "strided"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("family", ["rmsprop", "adam"])
def test_the_adapters_arrays_and_the_reference_agree_step_by_step(session, family, dtype, layout):
    random = np.random.Generator(np.random.Philox(7))
    start = [random.standard_normal(shape).astype(dtype) for shape in ((3, 4), (5,))]
    it = session(family, start, layout)
    wanted = [[p, *(np.zeros_like(p) for _ in STATE[family])] for p in start]
    for t in range(1, 5):
        gradients = [random.standard_normal(p.shape).astype(dtype) for p in start]
        it.step([g.copy() for g in gradients])
        wanted = [
            updated(family, state, p, g, t)
            for (p, *state), g in zip(wanted, gradients, strict=True)
        ]
        for i, (parameter, *state) in enumerate(wanted):
            # Both round at every operation, in an order of their own: a few units in the last place
            # of the step, which a parameter near zero shows enlarged.
            found = it.parameters()[i]
            assert found.dtype == parameter.dtype
            np.testing.assert_array_max_ulp(found + 8, parameter + 8, maxulp=4)
            for name, moment in zip(STATE[family], state, strict=True):
                np.testing.assert_array_max_ulp(it.state()[name][i], moment, maxulp=8)


def test_state_that_is_set_is_what_the_next_step_starts_from(session):
    start, g = [np.ones(3)], [np.full(3, 0.5)]
    one, other = session("adam", start), session("adam", start)
    for it in (one, other):
        it.step([g[0].copy()])
    other.set_state(one.state(), 1)
    for it in (one, other):
        it.step([g[0].copy()])
    assert (one.parameters()[0] == other.parameters()[0]).all()
