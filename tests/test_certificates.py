"""Certificates: issued, read, tampered with, run again."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from optimizer_conformance.questions.certify import certify, check
from optimizer_conformance.questions.certify.page import FORMATS, render
from optimizer_conformance.questions.certify.record import MalformedCertificate, read
from optimizer_conformance.questions.certify.schema import schema
from optimizer_conformance.workers.subject import SubjectError

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def issued():
    return certify("torch:RMSprop", "torch-rmsprop", ["lr=0.01"], dtypes=["float32", "bfloat16"])


@pytest.mark.adapter("torch")
def test_a_certificate_says_apart_what_was_seen_and_what_is_proved(issued) -> None:
    assert issued.statement.conforms
    kinds = {item.kind for item in issued.evidence}
    assert kinds == {"seen", "proved"}
    (proved,) = [item for item in issued.evidence if item.kind == "proved"]
    assert proved.dtype == "bfloat16"
    assert proved.elements == 2**16 - 2 * 2**7  # all but infinities and nan
    assert sum(proved.counts.values()) == proved.elements
    assert issued.seen.startswith("Largest seen.")
    assert issued.proved.startswith("Proved for every finite gradient")
    assert issued.statement.hyperparameters["learning_rate"] == "0.01"
    assert issued.provenance.versions["torch"]
    tried, not_tried = issued.attempts
    assert tried.startswith("tried: up to 8 steps")
    assert "formats: float32, bfloat16" in tried
    assert "loaded" in not_tried


@pytest.mark.adapter("torch")
def test_it_comes_to_the_same_when_it_is_run_again(issued) -> None:
    found = check(read(issued.text()))
    assert found.same
    assert found.cases == len(issued.evidence)
    assert not found.circumstances


@pytest.mark.adapter("torch")
def test_a_changed_certificate_is_noticed(issued) -> None:
    content = json.loads(issued.text())
    content["evidence"][0]["ulp"] = 0.5
    with pytest.raises(MalformedCertificate, match="changed after it was issued"):
        read(json.dumps(content))
    del content["evidence"]
    with pytest.raises(MalformedCertificate, match="no certificate"):
        read(json.dumps(content))


@pytest.mark.adapter("torch")
def test_another_result_is_a_difference_even_where_the_hash_is_right(issued) -> None:
    first = msgspec.structs.replace(issued.evidence[0], outputs="0" * 64)
    forged = msgspec.structs.replace(issued, evidence=[first, *issued.evidence[1:]])
    forged = msgspec.structs.replace(forged, hash=forged.content_hash)
    found = check(read(forged.text()))
    assert [(item.case, item.what) for item in found.differences] == [(first.case, "outputs")]


@pytest.mark.adapter("torch")
def test_its_pages_have_every_case_and_every_limit(issued) -> None:
    for suffix in FORMATS:
        page = render(issued, suffix)
        for item in issued.evidence:
            assert item.case in page
        assert all(limit[:30] in page for limit in issued.limits)
        assert issued.hash in page


@pytest.mark.adapter("torch")
def test_what_deviates_gets_a_certificate_that_says_so(tmp_path, conformance) -> None:
    out = tmp_path / "a.json"
    done = conformance(
        "certify", "torch:RMSprop", "--against", "keras-rmsprop", "--dtype", "float32",
        "--out", str(out), "--page", str(tmp_path / "a.md"),
    )  # fmt: skip
    assert done.returncode == 1
    assert "deviates from" in done.stdout
    assert not read(out.read_bytes()).statement.conforms
    assert "deviates from keras-rmsprop" in (tmp_path / "a.md").read_text()
    assert conformance("certificate", "check", str(out)).returncode == 0
    broken = tmp_path / "b.json"
    broken.write_text(out.read_text().replace('"conforms": false', '"conforms": true'))
    refused = conformance("certificate", "check", str(broken))
    assert refused.returncode == 2
    assert "changed after it was issued" in refused.stderr


@pytest.mark.adapter("torch")
def test_a_certificate_of_what_is_not_here_cannot_be_checked(issued, tmp_path, conformance) -> None:
    statement = msgspec.structs.replace(issued.statement, implementation="torch:Gone")
    gone = msgspec.structs.replace(issued, statement=statement)
    gone = msgspec.structs.replace(gone, hash=gone.content_hash)
    path = tmp_path / "gone.json"
    path.write_text(gone.text())
    done = conformance("certificate", "check", str(path))
    assert done.returncode == 3
    assert "cannot run here" in done.stderr


@pytest.mark.adapter("torch")
def test_an_implementation_may_be_the_reference() -> None:
    found = certify("torch:Adam[foreach]", "torch:Adam", dtypes=["float32"])
    assert found.statement.conforms
    assert found.statement.against.kind == "implementation"
    assert found.proved.startswith("Nothing is proved")


@pytest.mark.adapter("torch")
def test_without_a_dtype_every_real_one_is_compared() -> None:
    found = certify("torch:AdamW", "torch-adamw", ["weight_decay=0"])
    assert {item.dtype for item in found.evidence} == {"float16", "bfloat16", "float32", "float64"}
    assert found.statement.conforms


@pytest.mark.adapter("torch")
def test_what_cannot_be_compared_is_refused() -> None:
    for against, words, reason in (
        ("no-such-variant", [], "no variant"),
        ("torch-rmsprop-centered", [], "is about centered"),
        ("torch-adam", [], "of the family adam"),
    ):
        with pytest.raises(SubjectError, match=reason):
            certify("torch:RMSprop", against, words)


def test_the_schema_in_the_documentation_is_the_current_one() -> None:
    # python -m optimizer_conformance.questions.certify.schema > docs/certificate.schema.json
    assert json.loads((DOCS / "certificate.schema.json").read_text()) == schema()


def test_a_missing_file_is_a_clear_line(conformance) -> None:
    done = conformance("certificate", "check", "nowhere.json")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
