"""GNU Octave as a referee: what the language's numeric rules make of the documented algorithm."""

from __future__ import annotations

import itertools
import shutil
import sys

import numpy as np
import pytest

from optimizer_conformance.adapters import kit, octave, protocol
from optimizer_conformance.adapters.octave_process import (
    HOW,
    PROGRAM,
    TRANSCRIPTION,
    Octave,
    OctaveError,
)
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.reference.matlab import ArgumentError, adamupdate, rmspropupdate
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import model
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers.process import command_for

needs_octave = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=HOW)
EMPTY = np.zeros((0, 0))
RANDOM = np.random.Generator(np.random.Philox(7))


@pytest.fixture(scope="module")
def language():
    with Octave(TRANSCRIPTION) as running:
        yield running


@pytest.fixture(scope="class")
def engines():
    """End what the adapter's own sessions started in this process."""
    yield
    octave.engine("cpu").close()
    octave.engine.cache_clear()


def normal(*shape, dtype=np.float64):
    return RANDOM.normal(size=shape).astype(dtype)


def same(found, wanted):
    """The same bits, class and size."""
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    assert found.tobytes() == wanted.tobytes()


def near(found, wanted):
    """Complex arithmetic of two libraries: some units in the last place of the modulus."""
    assert found.dtype == wanted.dtype
    assert (np.abs(found - wanted) <= 16 * np.spacing(np.abs(wanted))).all()


@needs_octave
class TestPipe:
    @pytest.mark.parametrize("dtype", ["<f8", "<f4"])
    def test_bits_come_back_as_they_went(self, language, dtype):
        bits = RANDOM.integers(0, 256, 8 * 60, dtype=np.uint8)
        array = bits.view(dtype).reshape(3, -1, 4)
        special = np.array([np.inf, -np.inf, -0.0, np.nan, 5e-324], dtype=dtype).reshape(1, 5)
        for sent in (array, special, array[:, :0]):
            same(language.call("deal", sent)[0], sent)

    def test_complex_arrays_texts_and_cell_arrays_too(self, language):
        sent = [normal(2, 3) + 1j * normal(2, 3), "text", [np.ones((1, 1), "f4"), []]]
        (found,) = language.call("deal", sent)
        same(found[0], sent[0])
        assert found[1] == "text"
        same(found[2][0], sent[2][0])
        assert found[2][1] == []

    def test_an_error_says_what_it_was_and_the_next_call_works(self, language):
        with pytest.raises(OctaveError, match="nonconformant"):
            language.call("plus", np.ones((2, 2)), np.ones((3, 3)))
        with pytest.raises(OctaveError, match="not found"):
            language.call("no_such_function")
        assert language.call("plus", np.ones((1, 1)), np.ones((1, 1))) == [2]

    def test_a_result_that_cannot_travel_is_an_error(self, language):
        with pytest.raises(OctaveError, match="class logical"):
            language.call("isempty", EMPTY)
        assert language.call("plus", np.ones((1, 1)), np.ones((1, 1))) == [2]

    def test_a_dead_process_is_noticed(self):
        with Octave() as dying:
            dying.process.kill()
            dying.process.wait()
            with pytest.raises(ConnectionError):
                dying.call("version")


@needs_octave
class TestAgainstThePythonFunctions:
    @pytest.mark.parametrize(
        "classes", list(itertools.product(["f8", "f4"], repeat=4)), ids="-".join
    )
    def test_single_beside_double_gives_the_same_bits(self, language, classes):
        call = [normal(2, 3, 4, dtype=dtype) for dtype in classes]
        call[3] = np.abs(call[3])
        found = language.call("adamupdate", *call, np.array(3.0), outputs=3)
        for ours, theirs in zip(adamupdate(*call, 3), found, strict=True):
            same(ours, theirs)
        params, grad, _, average = call
        found = language.call("rmspropupdate", params, grad, average, outputs=2)
        for ours, theirs in zip(rmspropupdate(params, grad, average), found, strict=True):
            same(ours, theirs)

    @pytest.mark.parametrize("reading", ["outside", "hat"])
    def test_both_readings_over_several_steps(self, language, reading):
        name = "adamupdate" if reading == "outside" else "adamupdate_hat"
        params, grads = normal(6, 1), [1e-7 * normal(6, 1) for _ in range(5)]
        ours, theirs = (params, None, None), (params, EMPTY, EMPTY)
        for count, grad in enumerate(grads, start=1):
            ours = adamupdate(ours[0], grad, *ours[1:], count, epsilon_reading=reading)
            call = theirs[0], grad, *theirs[1:], np.array(float(count))
            theirs = language.call(name, *call, outputs=3)
            for found, wanted in zip(ours, theirs, strict=True):
                same(found, wanted)

    @pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
    def test_complex_values(self, language, dtype):
        params, grad = (normal(5, 1) + 1j * normal(5, 1) for _ in range(2))
        grad = grad.astype(dtype)
        ours = rmspropupdate(params, grad, None)
        theirs = language.call("rmspropupdate", params, grad, EMPTY, outputs=2)
        for found, wanted in zip(ours, theirs, strict=True):
            near(found, wanted)
        ours = rmspropupdate(*ours[:1], grad, ours[1])
        theirs = language.call("rmspropupdate", theirs[0], grad, theirs[1], outputs=2)
        for found, wanted in zip(ours, theirs, strict=True):
            near(found, wanted)

    def test_the_root_of_a_negative_average_is_complex(self, language):
        call = np.ones((2, 1)), np.ones((2, 1)), np.array([[-4.0], [4.0]])
        theirs = language.call("rmspropupdate", *call, outputs=2)
        for found, wanted in zip(rmspropupdate(*call), theirs, strict=True):
            near(found, wanted)
        assert theirs[0].dtype == np.complex128

    def test_imaginary_squares_are_real_again(self, language):
        call = np.ones((2, 1)), np.array([[1j], [2j]])
        ours, theirs = (
            rmspropupdate(*call, None),
            language.call("rmspropupdate", *call, EMPTY, outputs=2),
        )
        same(ours[1], theirs[1])
        assert theirs[1].dtype == np.float64

    @pytest.mark.parametrize("shape", [(0, 1), (0, 3), (2, 0, 3)])
    def test_empty_arrays_stay_empty(self, language, shape):
        call = np.zeros(shape), np.zeros(shape, np.float32)
        theirs = language.call("rmspropupdate", *call, EMPTY, outputs=2)
        for found, wanted in zip(rmspropupdate(*call, None), theirs, strict=True):
            same(found, wanted)

    def test_the_language_broadcasts_what_the_page_refuses(self, language):
        params, grad = normal(3, 1), normal(1, 3)
        new, average = language.call("rmspropupdate", params, grad, EMPTY, outputs=2)
        assert new.shape == average.shape == (3, 3)
        with pytest.raises(ArgumentError, match="grad: must have the size of params"):
            rmspropupdate(params, grad, None)

    def test_nested_cell_arrays(self, language):
        params = [normal(2, 3), [normal(1, 1), normal(4, 1, dtype=np.float32)]]
        ours = rmspropupdate(params, params, None)
        theirs = language.call("rmspropupdate", params, params, EMPTY, outputs=2)
        for found, wanted in zip(ours, theirs, strict=True):
            same(found[0], wanted[0])
            same(found[1][0], wanted[1][0])
            same(found[1][1], wanted[1][1])
        again = language.call("rmspropupdate", theirs[0], params, theirs[1], outputs=2)
        same(rmspropupdate(ours[0], params, ours[1])[1][1][1], again[1][1][1])


@needs_octave
@pytest.mark.usefixtures("engines")
class TestAdapter:
    def test_every_claimed_cell_is_judged_and_none_deviates(self, tmp_path):
        outcome = conduct(
            Selection(adapters=("octave",), profile="quick"),
            tmp_path / "run",
            commands={"octave": command_for("octave", sys.executable)},
        )
        assert outcome.exit_code == 0
        cells = model.load(outcome.folder).cells
        cells = cells[cells.relation == "claimed"]
        assert set(cells.implementation) == {
            name for name, function in octave.OFFERS.items() if function.device == "cpu"
        }
        assert set(cells.dtype) == {"float32", "float64", "complex64", "complex128"}
        settled = {"exact", "rounding", "representation", "range"}
        imaginary = cells.dtype.str.startswith("complex")
        assert set(cells.verdict[~imaginary]) <= settled
        # The root of an imaginary gradient's square may have either sign.
        assert set(cells.verdict[imaginary]) <= {*settled, "ill-posed"}

    @pytest.mark.parametrize(
        ("name", "variant"),
        [
            ("octave:rmspropupdate", "matlab-rmspropupdate-r2020a"),
            ("octave:adamupdate", "matlab-adamupdate"),
            ("octave:adamupdate[hat]", "matlab-adamupdate-hat"),
        ],
    )
    def test_the_transcription_has_the_documented_defaults(self, name, variant):
        documented = VARIANTS[variant].defaults
        assert octave.probe(name) == {key: float(value) for key, value in documented.items()}

    def opened(self, **hyperparameters):
        value = kit.to_tensor(np.ones(3))
        return octave.open_session(
            protocol.Open(
                implementation="octave:rmspropupdate",
                device="cpu",
                parameters=[protocol.Parameter("w", value)],
                hyperparameters=hyperparameters,
            )
        )

    def test_what_is_left_out_at_the_end_has_its_default(self):
        session = self.opened(learning_rate=0.01)
        session.step([np.ones(3)])
        same(session.parameters()[0], rmspropupdate(np.ones(3), np.ones(3), None, 0.01)[0])

    def test_nothing_can_be_left_out_in_between(self):
        with pytest.raises(kit.Unsupported, match="by position"):
            self.opened(learning_rate=0.01, epsilon=1e-3).step([np.ones(3)])

    def test_an_absent_device_is_declared(self):
        request = protocol.Open("octave:matlab.adamupdate", "matlab", [], {})
        with pytest.raises(kit.Unsupported, match=r"runs on matlab"):
            octave.open_session(request)


def test_without_octave_the_description_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: None)
    found = octave.describe()
    assert found.devices == {}
    assert "apt-get install octave" in found.unavailable
    assert {tuple(item.devices) for item in found.implementations} == {()}
    reasons = {item.name: item.gaps["device"] for item in found.implementations}
    assert "matlab.engine" in reasons["octave:matlab.rmspropupdate"]
