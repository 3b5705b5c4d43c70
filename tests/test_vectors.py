"""Frozen vectors: what is written, read back, judged, and held against independent arithmetic."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from optimizer_conformance.cases.case import parse
from optimizer_conformance.judging.accepted import inside
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.questions.vectors import format as files
from optimizer_conformance.questions.vectors.check import decoded
from optimizer_conformance.questions.vectors.export import Amount, exported, hex_float, question_of
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.variants import VARIANTS

DOCS = Path(__file__).parents[1] / "docs"
DTYPES = tuple(PRECISIONS)
MODES = ("injected", "trajectory", "rate-change")
RULE = "optax-rmsprop"


def value_of(text):
    """An exact hexadecimal float of any length."""
    mantissa, exponent = text.replace("0x", "").split("p")
    return Fraction(int(mantissa, 16)) * Fraction(2) ** int(exponent)


@pytest.fixture(scope="module")
def vectors():
    return exported(VARIANTS[RULE], DTYPES, MODES, Amount())


@pytest.fixture(scope="module")
def folder(tmp_path_factory, vectors):
    """A folder with a file of vectors; do not write to it."""
    made = tmp_path_factory.mktemp("vectors")
    (made / f"{RULE}.json").write_text(files.text(vectors))
    return made


@pytest.fixture(scope="module")
def answers(folder):
    """What the consumer of the documentation answers."""
    out = folder.parent / "answers.json"
    source = folder / f"{RULE}.json"
    done = subprocess.run(
        [sys.executable, DOCS / "vectors" / "consumer.py", source, out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 of ")
    return out


def quantities(vectors):
    """Case, parameter, step, quantity and what is expected."""
    for case in vectors.cases:
        for parameter in case.parameters:
            for step, row in enumerate(parameter.expected):
                for name, expected in row.items():
                    yield case, parameter, step, name, expected


class TestContent:
    def test_the_same_content_is_the_same_text(self, vectors, folder):
        again = exported(VARIANTS[RULE], DTYPES, MODES, Amount())
        assert files.text(again) == (folder / f"{RULE}.json").read_text()

    def test_what_is_written_is_read_back(self, vectors, folder):
        assert files.read(folder / f"{RULE}.json") == vectors

    def test_inputs_are_the_bits_of_the_case(self, vectors):
        for stored in vectors.cases:
            case = parse(stored.case)
            for item, parameter in zip(inputs_of(case).parameters, stored.parameters, strict=True):
                values = decoded(parameter.value, case.dtype, "here")
                np.testing.assert_array_equal(values, item.value.ravel())
                for row, gradient in zip(parameter.gradients, item.gradients, strict=True):
                    np.testing.assert_array_equal(
                        decoded(row, case.dtype, "here"), gradient.ravel()
                    )

    def test_an_independent_evaluation_lies_within_every_enclosure(self, vectors):
        """RMSProp in decimal arithmetic of 400 digits."""
        seen = 0
        with localcontext() as context:
            context.prec = 400  # the squares of float64 have hundreds of decimals
            for case in vectors.cases:
                for parameter in case.parameters:
                    seen += self.within(case, parameter)
        assert seen > 700

    @staticmethod
    def within(case, parameter):
        if case.groups:
            return 0
        decay, epsilon = (Decimal(case.hyperparameters[name]) for name in ("decay", "epsilon"))

        def exact(digits):
            return [Decimal(float(x)) for x in decoded(digits, case.dtype, "here")]

        w = exact(parameter.value)
        v = exact(parameter.state["second_moment"]) if parameter.state else [Decimal(0)] * len(w)
        seen = 0
        for step, rate in enumerate(case.learning_rates):
            g = exact(parameter.gradients[step])
            for i, gradient in enumerate(g):
                known = parameter.expected[step]["parameter"].midpoint[i]
                if known is None:
                    continue
                v[i] = decay * v[i] + (1 - decay) * gradient * gradient
                w[i] -= Decimal(rate) * gradient / (v[i] + epsilon).sqrt()
                for name, value in (("second_moment", v[i]), ("parameter", w[i])):
                    expected = parameter.expected[step][name]
                    middle, radius = (
                        value_of(part[i]) for part in (expected.midpoint, expected.radius)
                    )
                    slack = abs(Fraction(value)) / 10**300
                    assert abs(Fraction(value) - middle) <= radius + slack
                    seen += 1
        return seen

    def test_the_enclosure_is_far_narrower_than_the_format(self, vectors):
        for case, _, _, _, expected in quantities(vectors):
            unit = Fraction(PRECISIONS[case.dtype].unit_roundoff)
            for middle, radius in zip(expected.midpoint, expected.radius, strict=True):
                if middle is not None:
                    smallest = Fraction(PRECISIONS[case.dtype].smallest_subnormal)
                    assert value_of(radius) <= unit * max(abs(value_of(middle)), smallest)

    def test_ends_of_intervals_are_the_last_values_that_the_verdict_takes(self, vectors):
        oracle, seen = Oracle(), 0
        for stored in vectors.cases:
            case = parse(stored.case)
            question = question_of(VARIANTS[RULE], case)
            table = oracle.table(question)
            precision = question.precision
            names = question.quantities
            flat = [
                [
                    pair
                    for parameter in stored.parameters
                    for pair in parameter.expected[step][name].rounding
                ]
                for step in range(case.steps)
                for name in names
            ]
            for end, way in ((0, -1), (1, 1)):
                values, known = [], []
                for row in flat:
                    known.append([pair is not None for pair in row])
                    digits = [pair[end] if pair else "0" * len(zero(case)) for pair in row]
                    values.append(decoded(digits, case.dtype, "here"))
                found, known = np.stack(values), np.array(known)
                assert inside(found, table)[known].all()
                beyond = beside(found, way, precision)
                assert not (
                    inside(beyond, table) & known & (np.abs(beyond) < precision.largest)
                ).any()
                seen += int(known.sum())
        assert seen > 1000

    def test_what_is_accepted_holds_what_rounding_gives(self, vectors):
        for case, _, _, _, expected in quantities(vectors):
            for inner, outer in zip(expected.rounding, expected.accepted, strict=True):
                if inner and outer:
                    low, high = decoded(list(inner), case.dtype, "")
                    least, most = decoded(list(outer), case.dtype, "")
                    assert least <= low <= high <= most

    def test_hexadecimal_floats_are_exact(self):
        for value in (0.0, 1.0, -0.1, 5e-324, 1.7976931348623157e308):
            assert float.fromhex(hex_float(Fraction(value))) == value
            assert value_of(hex_float(Fraction(value))) == Fraction(value)


def zero(case):
    return "0" * {"float16": 4, "bfloat16": 4, "float32": 8, "float64": 16}[case.dtype]


def beside(values, way, precision):
    """The next value of a format, by its bits."""
    from optimizer_conformance.reference.numbers.precision import from_bits, to_bits

    bits = to_bits(values, precision.name)
    whole = bits.view(f"i{bits.dtype.itemsize}").astype(np.int64)
    sign = np.int64(-1) << np.int64(8 * bits.dtype.itemsize - 1)
    line = np.where(whole < 0, sign - whole, whole) + way  # in the order of the values
    back = np.where(line < 0, sign - line, line).astype(f"i{bits.dtype.itemsize}")
    return from_bits(back.view(bits.dtype), precision.name)


class TestAnswers:
    def test_a_right_implementation_is_judged_so(self, answers, conformance):
        done = conformance("vectors", "check", str(answers), "--json")
        assert done.returncode == 0
        lines = json.loads(done.stdout)["lines"]
        assert {line["verdict"] for line in lines} <= {"exact", "rounding", "range"}
        assert {line["system"] for line in lines} == {"plain Python"}

    def test_another_rule_deviates_and_says_where(self, answers, conformance, tmp_path):
        content = json.loads(answers.read_text()) | {"variant": "matlab-rmspropupdate-r2020a"}
        path = tmp_path / "other.json"
        path.write_text(json.dumps(content))
        done = conformance("vectors", "check", str(path))
        assert done.returncode == 1
        assert "times the bound" in done.stdout

    def test_one_bit_is_noticed(self, answers, conformance, tmp_path):
        content = json.loads(answers.read_text())
        step = content["cases"][0]["parameters"][0]["steps"][0]
        step["parameter"][0] = f"{int(step['parameter'][0], 16) ^ 1 << 20:08x}"
        path = tmp_path / "bit.json"
        path.write_text(json.dumps(content))
        done = conformance("vectors", "check", str(path), "--json")
        assert done.returncode == 1
        assert sum(line["bad"] for line in json.loads(done.stdout)["lines"]) == 1

    def test_javascript(self, folder, conformance, tmp_path):
        if not (node := shutil.which("node")):
            pytest.skip("node is not here")
        out = tmp_path / "answers.json"
        command = [node, DOCS / "vectors" / "consumer.mjs", folder / f"{RULE}.json", out]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert conformance("vectors", "check", str(out)).returncode == 0

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (lambda c: c.pop("system"), "missing required field"),
            (lambda c: c.update(variant="none"), "unknown variant"),
            (lambda c: c["cases"][0].update(case="rmsprop"), "is no case"),
            (lambda c: c["cases"][0]["parameters"].pop(), "in this order"),
            (lambda c: c["cases"][0]["parameters"][0]["steps"].pop(), "0 steps, the case 1"),
            (lambda c: steps(c).pop("parameter"), "parameter is one"),
            (lambda c: steps(c)["parameter"].pop(), "elements of parameter"),
            (lambda c: steps(c)["parameter"].__setitem__(0, "zz"), "hexadecimal digits"),
            (lambda c: c.update(kind="questions"), "docs/vectors.schema.json"),
            (lambda c: c.update(variant="keras-adam"), "is no case of keras-adam"),
        ],
    )
    def test_what_does_not_fit_is_said(self, answers, conformance, tmp_path, edit, message):
        content = json.loads(answers.read_text())
        edit(content)
        path = tmp_path / "bad.json"
        path.write_text(json.dumps(content))
        done = conformance("vectors", "check", str(path))
        assert done.returncode == 2
        assert message in done.stderr


def steps(content):
    return content["cases"][0]["parameters"][0]["steps"][0]


class TestFiles:
    def test_whole_vectors_are_the_same(self, folder, conformance):
        done = conformance("vectors", "check", str(folder))
        assert done.returncode == 0
        assert done.stdout.strip().endswith("same")

    @pytest.mark.parametrize(
        ("edit", "where"),
        [
            (lambda p: p["value"].__setitem__(0, p["value"][1]), "value"),
            (lambda p: p["gradients"][0].__setitem__(0, p["gradients"][0][1]), "gradients"),
            (lambda p: radius(p).__setitem__(0, "0x1p-1"), "expected"),
            (lambda p: p["expected"][0]["parameter"]["rounding"].__setitem__(0, None), "expected"),
        ],
    )
    def test_a_changed_vector_is_noticed(self, folder, conformance, tmp_path, edit, where):
        content = json.loads((folder / f"{RULE}.json").read_text())
        edit(content["cases"][0]["parameters"][0])
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(content))
        done = conformance("vectors", "check", str(path), "--json")
        assert done.returncode == 1
        (bad,) = [line for line in json.loads(done.stdout)["lines"] if line["bad"]]
        assert bad["verdict"] == "differs"
        assert bad["why"].endswith(where)

    def test_a_changed_rule_is_noticed(self, folder, conformance, tmp_path):
        content = json.loads((folder / f"{RULE}.json").read_text())
        content["variant"]["formula"][0] += " + 1"
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(content))
        assert conformance("vectors", "check", str(path)).returncode == 1

    def test_torn_files_are_refused(self, folder, conformance, tmp_path):
        body = (folder / f"{RULE}.json").read_bytes()
        path = tmp_path / "torn.json"
        for cut in range(0, len(body), len(body) // 20):
            path.write_bytes(body[:cut])
            done = conformance("vectors", "check", str(path))
            assert done.returncode == 2
            assert "docs/vectors.schema.json" in done.stderr

    def test_the_command_writes_sorted_files(self, conformance, tmp_path):
        words = ("vectors", "export", str(tmp_path / "out"), "--dtype", "float32")
        done = conformance(*words, "--variant", "optax-rmsprop*", "--mode", "origin", "--size", "2")
        assert done.returncode == 0
        names = sorted(path.stem for path in (tmp_path / "out").iterdir())
        assert names == sorted(name for name in VARIANTS if name.startswith("optax-rmsprop"))
        found = files.read(tmp_path / "out" / "optax-rmsprop.json")
        assert {case.mode for case in found.cases} == {"origin"}
        assert {len(item.value) for case in found.cases for item in case.parameters} == {2}

    def test_usage(self, conformance, tmp_path):
        for words, message in (
            (("export", str(tmp_path), "--variant", "caffe"), "no variant fits"),
            (("export", str(tmp_path), "--mode", "layout"), "no mode fits"),
            (("export", str(tmp_path), "--profile", "slow"), "unknown profile"),
            (("export", "/dev/null/x", "--variant", RULE, "--mode", "origin"), "give another"),
            (("check", str(tmp_path / "nothing.json")), "No such file"),
            (("check", str(tmp_path)), "holds no JSON file"),
        ):
            done = conformance("vectors", *words)
            assert done.returncode == 2, words
            assert message in done.stderr


def radius(parameter):
    return parameter["expected"][0]["parameter"]["radius"]


class TestSchema:
    def test_the_published_schema_is_that_of_the_code(self):
        # python -m optimizer_conformance.questions.vectors.format > docs/vectors.schema.json
        assert json.loads((DOCS / "vectors.schema.json").read_text()) == files.schema()

    def test_files_of_both_kinds_validate(self, folder, answers):
        jsonschema = pytest.importorskip("jsonschema", exc_type=ImportError)
        validator = jsonschema.Draft202012Validator(files.schema())
        validator.check_schema(files.schema())
        for path in (folder / f"{RULE}.json", answers):
            content = json.loads(path.read_text())
            validator.validate(content)
            for edit in ({"format": 2}, {"kind": "neither"}, {"cases": [{}]}, {"more": 1}):
                assert not validator.is_valid(content | edit)
