"""`conformance audit`: what is wrong is named in words, and what is right in another way passes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import psutil
import pytest

from optimizer_conformance import Audit, assert_conforms, audit
from optimizer_conformance.mutants.mutants import mutants
from optimizer_conformance.questions.audit.preparation import AuditError
from optimizer_conformance.questions.audit.words import sentence
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers import environments

FOLDER = Path(__file__).parent / "targets"


def target(name):
    file, _, member = name.partition(":")
    return f"{FOLDER / file}.py:{member}"


def asked(name, like="", framework="", **options):
    python = environments.locate(framework).python if framework else None
    return audit(target(name), like, python=python, **options)


WRONG = {
    "epsilon_inside": "epsilon is inside the root; the document says outside the root",
    "clipped": "gradients are clipped to the range from -1 to 1",
    "no_root": "it computes w' = w - lr*g/(eps + v'); the document says "
    "w' = w - lr*g/(eps + sqrt(v'))",
    "unweighted": "it computes v' = g^2 + rho*v; the document says v' = rho*v + g^2*(1 - rho)",
    "fixed_epsilon": "epsilon is 1e-7 whatever is asked for",
    "ignores_decay": "decay is 0.9 whatever is asked for",
    "half_state": "second moment is kept in float16",
    "old_average": "the parameter is moved by the averages as they were before this gradient",
    "norm_clipped": "a parameter's gradient is clipped to a norm of 1",
    "other_default": "decay defaults to 0.9; the document says 0.99",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_function_is_said_in_words(name):
    found = asked(f"wrong_numpy:{name}", "torch-rmsprop")
    assert found.verdict == "deviates"
    assert found.why[0].startswith(WRONG[name])
    assert found.first_divergence.score > 1


def test_other_defaults_are_another_thing_than_another_rule():
    found = asked("wrong_numpy:other_default", "torch-rmsprop")
    assert found.relation == "follows torch-rmsprop but for its own defaults"
    assert not asked("wrong_numpy:fixed_epsilon", "torch-rmsprop").but_for


def test_a_bias_correction_that_is_a_step_late_is_said():
    found = asked("wrong_numpy:correction_one_step_late", "torch-adam")
    assert found.why == (
        "the second moment's bias correction counts one step too many (its power is that of the "
        "step after)",
    )


FRAMEWORKS = {
    "torch": {
        "wrong_torch:AdamWDecaysLate": ("torch-adamw-weight-decay", "shrinks the parameter after"),
        "wrong_torch:AdamL2": ("torch-adamw-weight-decay", "weight decay is added to the gradient"),
        "wrong_torch:AdamBetasExchanged": ("torch-adam", "first moment is averaged with beta2"),
        "wrong_torch:RMSpropScaled": ("torch-rmsprop-momentum", "inside the momentum buffer"),
        "wrong_torch:ChangesItsRate": ("torch-rmsprop", "its step changes lr from 0.01 to 0.005"),
    },
    "jax": {
        "wrong_optax:adam_without_second_correction": ("optax-adam", "of the first moment only"),
        "wrong_optax:rmsprop_starting_at_one": ("optax-rmsprop", "second moment starts at 1"),
        "wrong_optax:chained_in_the_wrong_order": (
            "optax-adamw-weight-decay",
            "weight decay is added to the gradient",
        ),
    },
    "tensorflow": {
        "wrong_keras:RMSpropOutside": ("keras-rmsprop", "epsilon is outside the root"),
        "wrong_keras:RMSpropTwice": ("keras-rmsprop", "learning rate is multiplied with 2"),
    },
    "mindspore": {
        "wrong_mindspore:RMSPropOutside": ("mindspore-rmsprop", "epsilon is outside the root"),
    },
}


@pytest.mark.parametrize(
    ("framework", "name"),
    [
        pytest.param(framework, name, marks=pytest.mark.adapter(framework))
        for framework, cases in FRAMEWORKS.items()
        for name in cases
    ],
)
def test_what_is_wrong_with_an_optimizer_of_a_framework_is_said_in_words(framework, name):
    like, words = FRAMEWORKS[framework][name]
    found = asked(name, like, framework)
    assert found.verdict == "deviates"
    assert words in found.why[0]


RIGHT = {
    "reciprocal_root": "torch-rmsprop",
    "in_place": "torch-rmsprop",
    "in_double": "torch-rmsprop",
    "element_by_element": "torch-rmsprop",
    "adam": "torch-adam",
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_function_passes_however_it_is_written(name):
    found = asked(f"right_numpy:{name}", RIGHT[name])
    assert found.conforms, found.summary()
    assert found.why == ()
    assert RIGHT[name] in found.nearest


UNUSUAL = {
    "torch": {
        "right_torch:RMSpropForeach": ["torch-rmsprop", "torch-rmsprop-centered-momentum"],
        "right_torch:AdamWFused": ["torch-adamw-weight-decay"],
        "right_torch:functional": ["torch-rmsprop"],
    },
    "jax": {
        "right_optax:adamw_chained": ["optax-adamw-weight-decay"],
        "right_optax:rmsprop_jitted": ["optax-rmsprop"],
    },
    "tensorflow": {"right_keras:RMSpropInterpolated": ["keras-rmsprop"]},
    "mindspore": {"right_mindspore:RMSPropOfOperations": ["mindspore-rmsprop"]},
}
KINDS = {"right_torch:functional": "torch"}
# MindSpore rounds a Python number to float32 before it meets a float64 tensor.
# Where each shape is compiled for each dtype, two formats stand for all.
DTYPES = {"mindspore": ("float32", "float16"), "jax": ("float32", "bfloat16")}


@pytest.mark.parametrize(
    ("framework", "name", "like"),
    [
        pytest.param(framework, name, like, marks=pytest.mark.adapter(framework))
        for framework, cases in UNUSUAL.items()
        for name, variants in cases.items()
        for like in variants
    ],
)
def test_a_right_optimizer_of_a_framework_passes_however_it_is_written(framework, name, like):
    kind, dtypes = KINDS.get(name, ""), DTYPES.get(framework, ())
    found = asked(name, like, framework, kind=kind, dtypes=dtypes)
    assert found.conforms, found.summary()


def test_without_a_document_the_one_that_fits_is_found():
    found = asked("right_numpy:hypotenuse")
    assert found.conforms
    assert "keras-rmsprop" in found.nearest
    assert found.factors["epsilon"] == "inside"


def test_a_rule_that_no_document_has_is_told_from_the_nearest():
    found = asked("wrong_numpy:unweighted")
    assert found.verdict == "deviates"
    assert found.nearest == ()
    assert found.why[0].startswith("it computes v' = g^2 + rho*v")


def test_what_is_built_in_may_be_said_or_is_the_documents_default():
    found = audit(target("bad:fixed"), "torch-rmsprop", options={"learning_rate": 0.01})
    assert found.conforms, found.summary()
    assert any("decay is built in as 0.99, as documented" in text for text in found.remarks)
    with pytest.raises(AuditError, match="say what is built in with learning_rate=VALUE"):
        audit(target("bad:fixed"))


MISBEHAVING = {
    "random_steps": ("deviates", "two runs of the same steps differ: it is not deterministic"),
    "remembers_elsewhere": ("deviates", "it keeps state outside of itself"),
    "one_state_for_all": ("deviates", "it keeps state outside of itself"),
    "changes_gradient": ("deviates", "the step changes its gradient"),
    "other_shape": ("deviates", "it returns a parameter of shape (1,) for one of (37,)"),
    "other_dtype": ("deviates", "the parameter comes back in another dtype"),
    "integers": ("deviates", "it returns a parameter of dtype int64 for one of float32"),
    "nothing": ("deviates", "it returns None, not (parameter, state)"),
    "one_value": ("deviates", "it returns one ndarray, not (parameter, state)"),
    "gives_up": ("deviates", "it calls sys.exit(5)"),
    "third_step": ("error", "step 3 raises RuntimeError: no third step (line "),
    "not_a_number": ("deviates", "the parameter becomes nan at step 1"),
    "killed": ("crash", "the worker ended with signal 9"),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_an_optimizer_that_misbehaves_gets_one_clear_line(name, conformance):
    verdict, words = MISBEHAVING[name]
    done = conformance("audit", target(f"bad:{name}"), "--like", "torch-rmsprop", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["verdict"] == verdict
    assert words in found["why"]
    assert "\n" not in found["why"]


def test_one_that_hangs_is_ended_at_the_deadline():
    found = asked("bad:hangs", "torch-rmsprop", limit=0.5)
    assert found.verdict == "timeout"
    assert "no answer within" in found.why[0]


def test_what_it_prints_does_not_disturb_the_verdict():
    assert asked("bad:talkative", "torch-rmsprop").conforms


@pytest.mark.adapter("torch")
def test_one_that_needs_a_closure_cannot_be_used(conformance):
    python = str(environments.locate("torch").python)
    done = conformance("audit", target("wrong_torch:NeedsAClosure"), "--python", python)
    assert done.returncode == 2
    assert "its step needs a closure" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((target("bad:nobody"),), "has no 'nobody'"),
        ((target("broken_import:update"),), "cannot be imported: ModuleNotFoundError"),
        ((target("exits_on_import:update"),), "calls sys.exit("),
        ((target("bad:two_arguments"),), "its signature (parameter, gradient) is no kind's"),
        ((target("bad:rmsprop"), "--like", "torch-rmsprp"), "did you mean torch-rmsprop"),
        ((target("bad:rmsprop"), "--map", "decay"), "write it as NAME=VALUE"),
        ((target("bad:rmsprop"), "--dtype", "int8"), "no dtype 'int8'"),
        ((target("bad:rmsprop"), "--dtype", "bfloat16"), "it takes no bfloat16"),
        ((target("bad:rmsprop"), "--kind", "caffe"), "no kind 'caffe'"),
        ((target("bad:rmsprop"), "decay=-1"), "a number from 0 to 1"),
        (("nonsense",), "write module:object"),
    ],
)
def test_a_question_that_makes_no_sense_exits_with_2_and_says_what_would(
    conformance, words, message
):
    done = conformance("audit", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_interpreter_without_what_a_worker_needs_exits_with_3(conformance, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    done = conformance("audit", target("bad:rmsprop"), "--python", str(python))
    assert done.returncode == 3
    assert f"{python} -m pip install numpy" in done.stderr


def test_an_implementation_of_an_adapter_is_no_target(conformance):
    done = conformance("audit", "torch:RMSprop")
    assert done.returncode == 2
    assert "names an implementation of an adapter" in done.stderr


def ended(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_audit_that_is_interrupted_exits_with_3_and_leaves_no_worker(number):
    code = "from optimizer_conformance.cli import main; main()"
    command = [sys.executable, "-c", code, "audit", target("bad:hangs")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (workers := psutil.Process(process.pid).children(recursive=True)):
            assert process.poll() is None
        process.send_signal(number)
        _, said = process.communicate()
    assert process.returncode == 3
    assert "interrupted" in said
    while not all(ended(worker) for worker in workers):  # the kernel ends them with their parent
        time.sleep(0.05)


def test_the_report_says_what_is_wrong_where_and_what_was_tried(conformance):
    done = conformance("audit", target("wrong_numpy:epsilon_inside"), "--like", "torch-rmsprop")
    assert done.returncode == 1
    assert "does not follow torch-rmsprop: deviates" in done.stdout
    assert "epsilon is inside the root; the document says outside the root" in done.stdout
    assert "first divergence: step 1, parameter with near-epsilon gradients" in done.stdout
    assert "tried: up to 4 steps" in done.stdout
    assert "it deviates already" in done.stdout
    assert "alpha is taken for decay" in done.stdout


def rmsprop(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = 0.0 if state is None else state
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (average**0.5 + eps), average


def rmsprop_inside(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = 0.0 if state is None else state
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (average + eps) ** 0.5, average


def test_an_object_of_this_process_conforms():
    found = assert_conforms(rmsprop, "torch-rmsprop")
    assert isinstance(found, Audit)
    frame = found.to_frame()
    assert len(frame) == found.cases
    assert {"verdict", "dtype", "mode", "score"} <= set(frame.columns)


def test_the_pytest_plugin_offers_the_same_assertion():
    from optimizer_conformance.pytest.plugin import assert_conforms as offered

    assert offered is assert_conforms


def test_an_assertion_fails_with_a_message_that_a_person_understands():
    with pytest.raises(AssertionError) as caught:
        assert_conforms(rmsprop_inside, "torch-rmsprop")
    first, second, third, *_ = str(caught.value).splitlines()
    assert first.endswith("rmsprop_inside does not follow torch-rmsprop: deviates")
    assert second == "  epsilon is inside the root; the document says outside the root"
    assert third.startswith("  first divergence: step 1, parameter with ")


def test_every_wrong_rule_has_words_of_its_own():
    variant = VARIANTS["torch-adamw-weight-decay"]
    decimals = {
        "learning_rate": "0.1",
        "decay": "0.9",
        "epsilon": "1e-8",
        "beta1": "0.8",
        "weight_decay": "0.01",
    }
    said = {
        mutant.identifier: sentence(mutant, variant.rule)
        for mutant in mutants(variant.rule, decimals, "float32")
    }
    assert all(said.values())
    # Two ways of writing one wrong formula have one sentence.
    assert len(set(said.values())) > 0.95 * len(said)


def test_the_command_line_does_not_wait_for_what_it_does_not_use():
    code = "import sys, conformance; print('numpy' in sys.modules or 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
