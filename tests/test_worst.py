"""Searches for the worst trajectory, and the corpus of those that were found."""

import json
import sys
from pathlib import Path

import pytest

from optimizer_conformance.questions.sweep.worst import WorstFound, merged, read, text, worst
from optimizer_conformance.workers.subject import SubjectError

CORPUS = Path(__file__).parent / "data" / "worst.json"
KEPT = read(CORPUS)
GIVEN = ("learning_rate=0.01", "decay=0.9", "epsilon=1e-6")


def again(kept: WorstFound, generations: int = 1) -> WorstFound:
    given = [f"{name}={value}" for name, value in kept.hyperparameters.items()]
    return worst(
        kept.implementation,
        given,
        against=kept.against,
        dtype=kept.dtype,
        generations=generations,
        python=sys.executable,
        corpus=[kept],
    )


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept.implementation} {kept.dtype}")
def test_what_was_worst_stays_inside_the_bound(kept):
    assert kept.trajectories[0].score > 0.5
    found = again(kept)
    assert found.trajectories[0].verdict != "deviates"
    assert found.trajectories[0].score >= kept.trajectories[0].score


def test_a_search_comes_further_than_a_sample():
    sample = worst("numpy:d2l.scratch", GIVEN, generations=1, python=sys.executable)
    search = worst("numpy:d2l.scratch", GIVEN, generations=12, python=sys.executable)
    assert sample.trajectories[0].score < search.trajectories[0].score <= 1


def test_another_rule_is_found_to_deviate():
    given = ("learning_rate=0.01", "decay=0.9", "epsilon=0.1")
    found = worst(
        "numpy:d2l.scratch", given, against="torch-rmsprop", generations=2, python=sys.executable
    )
    assert found.trajectories[0].verdict == "deviates"


def test_a_corpus_holds_one_search_a_question():
    assert merged(KEPT, KEPT[0]) == sorted(KEPT, key=KEPT.index)
    assert json.loads(text(KEPT)) == json.loads(CORPUS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"dtype": "bfloat16"}, "no bfloat16"), ({"against": "keras-adam"}, "no rule of")],
)
def test_what_cannot_be_searched_is_said(fields, words):
    with pytest.raises(SubjectError, match=words):
        worst("numpy:d2l.scratch", GIVEN, python=sys.executable, **fields)


def test_the_command_keeps_a_corpus(conformance, tmp_path):
    file = tmp_path / "worst.json"
    words = ("worst", "numpy:d2l.scratch", *GIVEN, "--generations", "1", "--corpus", str(file))
    done = conformance(*words, "--python", sys.executable, "--json")
    assert done.returncode == 0, done.stderr
    assert (
        json.loads(done.stdout)["trajectories"] == json.loads(file.read_text())[0]["trajectories"]
    )
    file.write_text("[1]")
    assert conformance(*words).returncode == 2
