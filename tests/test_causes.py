"""Causes: named where they hold, and facts where none does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from faulty import FAULTS, asked, everything, grade

from optimizer_conformance import audit
from optimizer_conformance.questions.identify import identify
from optimizer_conformance.workers import environments

FOLDER = Path(__file__).parent / "targets"

# One of each kind; ``python tests/faulty.py`` has them all.
SAMPLE = (("adam", "corrections multiply"), ("sgd", "rate falls by time"))


@pytest.mark.parametrize(("rule", "name"), SAMPLE)
def test_a_cause_is_named_in_words_that_are_true_of_it(rule, name):
    assert grade(FAULTS[name].words, asked(rule, name)) == "named rightly"


@pytest.mark.long
@pytest.mark.parametrize(("rule", "name"), list(everything()))
def test_no_cause_is_named_that_is_not_true(rule, name):
    assert grade(FAULTS[name].words, asked(rule, name)) in ("named rightly", "unnamed")


def test_what_has_no_cause_has_facts():
    found = asked("sgd", "noise of a hash")
    assert found.why[0].startswith("no cause is known")
    assert grade((), found) == "unnamed"


def begun_without_decay(w, g, state, lr=0.01, alpha=0.9, eps=1e-3, weight_decay=0.0):
    """RMSProp whose decay joins after five steps: in the first it seems to be absent."""
    count, v = state or (0, np.zeros_like(w))
    count, of = count + 1, w.dtype.type
    g = g + of(weight_decay if count > 5 else 0.0) * w
    v = of(alpha) * v + of(1 - alpha) * g * g
    return w - of(lr) * g / (np.sqrt(v) + of(eps)), (count, v)


def test_what_few_steps_suggest_is_not_said_where_many_refute_it():
    found = audit(begun_without_decay, "torch-rmsprop")
    assert not found.conforms
    (line,) = (line for line in found.options if line.verdict == "deviates")
    assert line.why[0].startswith("no cause is known")
    assert not any("absent" in text or "changes nothing" in text for text in line.why)


def picky(parameter, gradient, state, lr=0.01):
    if parameter.dtype == "float64":
        raise TypeError("float32 only")
    return parameter - parameter.dtype.type(lr) * gradient, state


def test_a_format_that_is_refused_is_said():
    assert "float64 is not taken: step 1 raises TypeError: float32 only" in " ".join(
        audit(picky, "torch-sgd", defaults=False, dtypes=("float32",), profile="quick").remarks
    )


def identity(parameter, gradient, state, lr=0.01):
    return parameter.copy(), state


def plain(parameter, gradient, state, lr=0.01):
    return parameter - parameter.dtype.type(lr) * gradient, state


def test_what_never_moves_and_what_is_another_rule_are_told_as_that():
    assert audit(identity, "torch-rmsprop").why[0] == (
        "it moves nothing: parameters stay what they were"
    )
    words = audit(plain, "torch-rmsprop").why[0]
    assert words.startswith("it is another rule, that of ")
    assert "-sgd: w' = w - lr*g" in words


def test_a_rule_without_a_decay_is_held_against_documents_of_its_family():
    found = audit(plain)
    assert found.conforms
    assert "torch-sgd" in found.nearest


def test_a_hyperparameter_that_is_doubled_is_told_by_identify_as_that(conformance):
    name = f"{FOLDER / 'doubled.py'}:adam_decaying_twice"
    done = conformance("identify", name, "--features", "weight_decay", "--json")
    assert done.returncode == 1
    assert "weight decay is multiplied with 2" in json.loads(done.stdout)["why"]


def corrected_late(parameter, gradient, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    real = parameter.dtype.type
    m, v, count = state or (np.zeros_like(parameter), np.zeros_like(parameter), 1)
    count += 1
    m = real(beta1) * m + real(1 - beta1) * gradient
    v = real(beta2) * v + real(1 - beta2) * gradient * gradient
    above, below = m / real(1 - beta1**count), v / real(1 - beta2**count)
    return parameter - real(lr) * above / (np.sqrt(below) + real(eps)), (m, v, count)


def test_a_fault_of_a_rule_that_is_not_the_nearest_is_told_by_identify():
    why = identify(corrected_late).why
    assert "one fault of the rule of autograd-adam explains everything: the step count is" in why


@pytest.mark.adapter("torch")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SharedCount", "one step count is shared by all parameters and raised once for each"),
        ("CountStops", "the step count stops at 256"),
    ],
)
def test_a_counter_that_goes_wrong_later_or_elsewhere_is_not_identified(name, words):
    python = environments.locate("torch").python
    found = identify(f"{FOLDER / 'counting_torch.py'}:{name}", python=python)
    assert found.verdict == "outside the family"
    assert words in found.why


@pytest.mark.adapter("torch")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CountUnsaved", "the step count is no part of what is saved"),
        (
            "CountOfOptimizer",
            "of what was tried it follows all except in this situation: steps without",
        ),
    ],
)
def test_a_counter_that_a_training_loop_shows_is_named(name, words):
    python = environments.locate("torch").python
    found = audit(f"{FOLDER / 'counting_torch.py'}:{name}", "torch-adam", python=python)
    assert found.why[0].startswith(words)


@pytest.mark.parametrize("command", ["audit", "identify"])
def test_a_framework_that_is_not_there_is_no_verdict(command, conformance, tmp_path):
    target = tmp_path / "mine.py"
    target.write_text("import mindspore\n\ndef update(parameter, gradient, state, lr=0.1): ...\n")
    done = conformance(command, f"{target}:update")
    assert done.returncode == 3
    assert "has no mindspore, which it imports" in done.stderr


def test_a_rate_of_zero_is_refused(conformance):
    done = conformance("identify", f"{FOLDER / 'doubled.py'}:plain", "learning_rate=0")
    assert done.returncode == 2
    assert "learning_rate=0 takes no step" in done.stderr
