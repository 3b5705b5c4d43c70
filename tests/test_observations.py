"""Observations kept with their value: what turns ``verify`` red although the verdict stays."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from optimizer_conformance.cli.main import app
from optimizer_conformance.questions.verify import document, ledger, observations
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.questions.verify.observations import (
    ClaimObservation,
    DocumentObservations,
)
from optimizer_conformance.questions.verify.registry import Decision

DOCUMENT = document.load("codecademy-rmsprop")


def settled(verdict, seen, *, version="numpy 2", expected="", kept=()):
    claim = Claim(
        id="c",
        locator="here",
        kind="behaviour",
        statement="words",
        check={"name": "needs"},
        expected=expected,
        reason="r",
        link="l",
    )
    decision = Decision(verdict=verdict, observed="words", version=version, seen=seen)
    return ledger.settle(
        DOCUMENT, claim, decision, DocumentObservations("codecademy-rmsprop", list(kept))
    )


ONE = ClaimObservation("c", "numpy 2", {"mean_square": 1.0, "type": "tuple"})


class TestStatus:
    @pytest.mark.parametrize("verdict", ["contradicted", "underdetermined", "confirmed"])
    @pytest.mark.parametrize(
        ("seen", "words"),
        [
            ({"mean_square": 0.0, "type": "tuple"}, "mean_square was 1.0, and is 0.0"),
            ({"mean_square": 1.0, "type": "NoneType"}, "type was 'tuple', and is 'NoneType'"),
            ({"mean_square": 1.0}, "type was 'tuple', and is not there"),
            ({"mean_square": True, "type": "tuple"}, "mean_square was 1.0, and is True"),
            ({"raised": "TypeError"}, "mean_square was 1.0, and is not there"),
        ],
    )
    def test_another_value_is_a_change_also_where_the_verdict_stays(self, verdict, seen, words):
        expected = "contradicted" if verdict == "contradicted" else ""
        entry = settled(verdict, seen, expected=expected, kept=[ONE])
        assert entry.status == "changed"
        assert words in entry.kept
        assert ledger.exit_code([entry]) == 1

    def test_the_same_value_is_as_expected(self):
        entry = settled("underdetermined", dict(ONE.seen), kept=[ONE])
        assert (entry.status, entry.kept) == ("expected", "same")

    def test_a_new_version_is_no_change_and_says_what_differs(self):
        entry = settled("underdetermined", {"mean_square": 0.0}, version="numpy 3", kept=[ONE])
        assert entry.status == "expected"
        assert entry.kept.startswith("new; in numpy 2 mean_square was 1.0, and is 0.0")

    def test_a_verdict_that_nobody_knew_stays_unexpected(self):
        assert settled("contradicted", {"mean_square": 0.0}, kept=[ONE]).status == "unexpected"


class TestFiles:
    @pytest.mark.parametrize("name", document.names())
    def test_shipped_observations_belong_to_claims(self, name):
        claims = {claim.id for claim in document.load(name).claims}
        kept = observations.kept(name)
        keys = [(row.claim, row.version) for row in kept.rows]
        assert {claim for claim, _ in keys} <= claims
        assert len(keys) == len(set(keys))

    def test_values_come_back_from_the_file_as_they_are_compared(self, tmp_path):
        seen = {"a": float("nan"), "b": (1, 2.0), "c": None, "d": True, "e": float("inf")}
        row = ClaimObservation("c", "v", observations.canonical(seen))
        (tmp_path / "t.jsonl").write_text(observations.line(row))
        (back,) = observations.kept("t", tmp_path).rows
        assert observations.difference(back.seen, observations.canonical(seen)) == ""

    def test_a_damaged_file_is_named(self, tmp_path):
        (tmp_path / "t.jsonl").write_text('{"claim": 1}\n')
        with pytest.raises(document.ClaimFileError, match=r"t\.jsonl: cannot be read"):
            observations.kept("t", tmp_path)

    def test_a_proposal_replaces_adds_and_drops_what_no_claim_has(self, tmp_path):
        before = DocumentObservations("t", [ONE, ClaimObservation("gone", "numpy 2", {"a": 1})])
        (tmp_path / "t.jsonl").write_text("".join(map(observations.line, before.rows)))
        new = [
            ClaimObservation("c", "numpy 2", {"a": 2}),
            ClaimObservation("b", "numpy 2", {"a": 3}),
        ]
        found = observations.propose(before, new, ["b", "c"], tmp_path)
        assert [line.split(",")[0] for line in found.after.splitlines()] == [
            '{"claim":"b"',
            '{"claim":"c"',
        ]
        assert '-{"claim":"gone"' in found.diff
        assert '+{"claim":"b"' in found.diff


class TestCommand:
    WORDS = ("verify", "codecademy-rmsprop", "--claim", "average-normalises")

    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        """What is kept, with one value falsified."""
        path = observations.KEPT / "codecademy-rmsprop.jsonl"
        text = path.read_text(encoding="utf-8")
        assert '"result":true' in text
        (tmp_path / path.name).write_text(text.replace('"result":true', '"result":false'))
        monkeypatch.setattr(observations.kept, "__defaults__", (tmp_path,))
        monkeypatch.setattr(observations.propose, "__defaults__", (tmp_path,))
        return tmp_path

    def test_a_change_exits_1_with_the_sentence_and_both_values(self, folder):
        done = CliRunner().invoke(app, self.WORDS)
        assert done.exit_code == 1
        assert "changed: codecademy-rmsprop average-normalises" in done.output
        assert "result was False, and is True" in done.output
        assert "Dividing by the average" in done.output

    def test_update_proposes_the_diff_and_write_makes_it(self, folder):
        done = CliRunner().invoke(app, [*self.WORDS, "--update"])
        assert done.exit_code == 1
        assert '-{"claim":"average-normalises"' in done.output
        assert CliRunner().invoke(app, [*self.WORDS, "--update", "--write"]).exit_code == 0
        assert CliRunner().invoke(app, self.WORDS).exit_code == 0
        assert CliRunner().invoke(app, [*self.WORDS, "--update"]).exit_code == 0
