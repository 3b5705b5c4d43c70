"""Do the claims notice?  What they speak of is changed, here in a few respects of many."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.cli.main import app
from optimizer_conformance.questions.verify import document
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.faults import (
    answers,
    campaign,
    figures,
    report,
    rules,
)
from optimizer_conformance.questions.verify.faults.fault import FUNCTIONS, Fault, in_place
from optimizer_conformance.questions.verify.probes.transcription import matlab as probes

FAULTS = {fault.name: fault for fault in campaign.matlab_faults()}
# One of each kind that claims once said nothing about.
BLIND = (
    "rmspropupdate: averageSqGrad is no dlarray any more",
    "adamupdate: averageSqGrad with another number of rows is accepted",
    "rmspropupdate: averageSqGrad with another size inside a container is accepted",
    "rmspropupdate: sqGradDecay 0 is accepted",
    "rmspropupdate: epsilon is left out",
    "adamupdate: the corrections are exchanged",
    "rmspropupdate: grad with another class than double and single is accepted",
    "rmspropupdate: each array is updated with its neighbour's gradient",
    "adamupdate: learning rate factors count on the first layer only",
    "adamupdate: iteration a negative number is accepted",
    "adamupdate: averageGrad is overwritten",
)


class TestFaultsOfTheFunctions:
    def test_every_argument_container_option_and_result_has_some(self):
        assert len(FAULTS) == len(campaign.matlab_faults()) >= 60
        words = " ".join(FAULTS)
        for function in FUNCTIONS:
            for option in probes.OPTIONS[function]:
                assert f"{function}: {option} is ignored" in words
                assert f"{function}: {option} has another default" in words
        for word in ("params", "grad", "averageGrad", "averageSqGrad", "cell", "table", "network"):
            assert word in words

    @pytest.mark.parametrize("name", BLIND)
    def test_a_claim_notices_by_its_verdict(self, name):
        (found,) = campaign.matlab(wanted=lambda fault: fault.name == name)
        assert found.status == "verdict", report.content([found])

    def test_a_change_that_nobody_can_see_is_unnoticed(self):
        fault = Fault("rmspropupdate", "nothing", lambda real, a, k: real(*a, **k))
        with Context() as context, in_place(fault):
            claim = document.load("codecademy-rmsprop").claims[0]
            found = campaign.Noticed("rmspropupdate", "nothing")
            right = campaign.ledger.decide(claim, context)
            campaign.note(found, claim, right, campaign.ledger.decide(claim, context))
        assert campaign.unnoticed([found]) == [found]

    def test_a_fault_that_fails_by_itself_is_no_observation(self):
        def broken(real, arguments, keywords):
            raise ZeroDivisionError

        with in_place(Fault("rmspropupdate", "broken", broken)):
            assert probes.form("rmspropupdate", "structure")["moved"]


class TestAnswersOfFrameworks:
    """MindSpore, as it was once falsified: every known contradiction stayed as expected."""

    @pytest.mark.parametrize(
        ("claim", "words"),
        [
            ("initial-mean-square", "mean_square is another"),
            ("epsilon-inside", "outside is another"),
            ("returns-tensor", "type is another"),
            ("group-lr-iterable", "it answers and raises nothing"),
            ("rule", "step is another"),
        ],
    )
    def test_another_answer_is_noticed(self, claim, words):
        found = answers.frameworks(
            wanted=lambda name, item: (name, item) == ("mindspore-rmsprop", claim)
        )
        by_words = {item.breaks: item.status for item in found}
        assert by_words[words] in ("verdict", "value")

    def test_a_docstring_that_no_longer_says_so_is_noticed(self):
        found = answers.frameworks(wanted=lambda name, item: name == "torch")
        gone = [item for item in found if item.breaks == "the docstring no longer says so"]
        assert gone
        # A known contradiction stays one: the kept value tells.
        assert {item.status for item in gone} == {"verdict", "value"}


def test_a_claim_on_a_rule_notices_another_rule(monkeypatch):
    claim = next(c for c in document.load("d2l-rmsprop").claims if c.id == "update")
    monkeypatch.setattr(rules, "OTHERS", ("torch-rmsprop",))
    with Context() as context:
        right = campaign.ledger.decide(claim, context)
        verdicts = {words: now.verdict for words, now in rules.changed(claim, context)}
        assert campaign.ledger.decide(claim, context) == right
    assert verdicts["the rule of torch-rmsprop"] == "contradicted"
    assert verdicts["the root is left out"] == "contradicted"


def test_the_page_has_a_row_a_fault():
    found = campaign.Noticed("adamupdate", "broken", by_value=["claim-a"])
    page = report.markdown({"part": report.content([found])})
    assert "| adamupdate | broken | by a kept value | claim-a |" in page


def test_what_can_be_measured_is_said():
    done = CliRunner().invoke(app, ["power", "clams"])
    assert isinstance(done.exception, UsageError)
    assert "claims" in str(done.exception)


class TestFigures:
    def test_every_number_of_a_formula_is_noticed_or_proved_to_change_nothing(self):
        claim = claim_of("d2l-rmsprop", "objective-gradient")
        with Context() as context:
            right = figures.decide(claim, figures.World("", claim.check), context)
            found = [
                figures.noticed("d2l-rmsprop objective-gradient", claim, right, world, context)
                for world in figures.identities(claim.check)
            ]
        assert {item.status for item in found} == {"verdict", "equivalent"}

    def test_a_training_that_ends_elsewhere_is_noticed_without_training(self):
        claim = claim_of("d2l-rmsprop", "scratch-loss")
        with Context() as context:
            as_it_is = figures.World("", claim.check, figures.trained(claim.check["prints"]))
            right = figures.decide(claim, as_it_is, context)
            assert right.verdict == "confirmed"
            for world in figures.losses(claim.check):
                assert figures.decide(claim, world, context).verdict == "contradicted"


def claim_of(name, identifier):
    return next(c for c in document.load(name).claims if c.id == identifier)


class TestSentences:
    def test_a_sentence_is_broken_where_one_of_its_claims_notices(self):
        found = campaign.Noticed("d2l-rmsprop update", "broken", by_verdict=["update"])
        rows = report.by_sentence({"part": report.content([found])})
        broken = [row for row in rows if row["status"] == report.BROKEN]
        assert broken
        assert all("update" in row["claims"] for row in broken)
        assert {row["faults"][0] for row in broken} == {"broken"}

    def test_claims_with_one_check_notice_together(self):
        doc = document.load("matlab-rmspropupdate")
        alike = {}
        for claim in doc.claims:
            alike.setdefault(repr(claim.check), []).append(claim.id)
        one, other, *_ = next(ids for ids in alike.values() if len(ids) > 1)
        found = campaign.Noticed("rmspropupdate", "broken", by_verdict=[one])
        rows = report.by_sentence({"part": report.content([found])})
        assert report.BROKEN in {row["status"] for row in rows if other in row["claims"]}

    def test_what_executes_nothing_is_no_blind_claim(self):
        rows = report.by_sentence({})
        assert {row["status"] for row in rows} == {report.UNDONE, report.WHOLE}
