"""What a run came to against what is expected: each departure has its own kind and exit code."""

from __future__ import annotations

import math
from datetime import date

import pytest
from msgspec.structs import replace
from runfolders import described, provenance_of

from optimizer_conformance.expectations import gate
from optimizer_conformance.expectations.ledger import ExpectationError, Ledger, decode
from optimizer_conformance.reports.records import About, Cell, Kind

TODAY = date(2026, 11, 20)
AGREEING = Cell(
    implementation="fake:RMSprop", adapter="fake", version="2.1", device="cpu",
    variant="torch-rmsprop", relation="claimed", features="", dtype="float32", mode="trajectory",
    regime="wide", case="rmsprop/float32/…", verdict="rounding", score=0.5, ulp=0.4,
)  # fmt: skip
DEVIATING = replace(AGREEING, verdict="deviates", divergence_score=1e6, why="epsilon is inside")


def entry(**more):
    fields = {
        "id": "known", "implementation": "fake:*", "verdict": "deviates", "reason": "epsilon",
        "link": "https://example.org/1", "reviewed": "2026-11-20", "score": [1e5, 1e7], **more,
    }  # fmt: skip
    lines = [f"{name} = {toml(value)}" for name, value in fields.items()]
    return decode("\n".join(["[[expectation]]", *lines]).encode(), "fake.toml")


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | list | float):
        return str(value)
    return f'"{value}"'


def departures(cells, entries, *, profile="default", versions=None, about=None, **selection):
    return gate.departures(
        "fake",
        cells,
        Ledger(entries, versions or {}),
        about=About(description=described(), **{"complete": True, **(about or {})}),
        provenance=provenance_of(profile=profile, selection=selection),
        today=TODAY,
    )


def kinds(findings):
    return [str(finding.kind) for finding in findings]


class TestEachDepartureHasItsOwnMessageAndCode:
    def test_a_deviation_introduced(self):
        (finding,) = found = departures([DEVIATING, AGREEING], [])
        assert finding.kind is Kind.introduced
        assert "no expectation covers it: epsilon is inside" in finding.message
        assert gate.exit_code(found) == 1

    def test_a_deviation_gone(self):
        (finding,) = found = departures([AGREEING, AGREEING], entry())
        assert finding.kind is Kind.gone
        assert "agrees with torch-rmsprop in 2 of the 2 cells in which known" in finding.message
        assert gate.exit_code(found) == 1

    def test_a_deviation_that_changed_size(self):
        (finding,) = found = departures([replace(DEVIATING, divergence_score=3e9)], entry())
        assert finding.kind is Kind.changed
        assert "of score 3e+09, and known expects 1e+05 to 1e+07" in finding.message
        assert (finding.found, finding.expected) == ((3e9, 3e9), (1e5, 1e7))
        assert gate.exit_code(found) == 1

    def test_a_stale_entry(self):
        (finding,) = found = departures([AGREEING], entry(implementation="fake:Adam"))
        assert finding.kind is Kind.stale
        assert "known fits no cell of a whole run" in finding.message
        assert gate.exit_code(found) == 1

    def test_a_missing_adapter(self):
        found = [gate.missing("fake", "no environment yet")]
        assert found[0].message == "fake: no environment yet"
        assert gate.exit_code(found) == 3

    def test_an_interrupted_run(self):
        assert gate.exit_code([gate.interrupted("runs/1")]) == 3

    def test_a_missing_adapter_outweighs_a_deviation(self):
        assert gate.exit_code([gate.missing("a", "b"), *departures([DEVIATING], [])]) == 3

    def test_what_is_expected_is_no_finding(self):
        assert departures([DEVIATING], entry()) == []
        assert gate.exit_code([]) == 0

    def test_the_messages_differ(self):
        found = [
            *departures([DEVIATING], []),
            *departures([AGREEING], entry()),
            *departures([replace(DEVIATING, divergence_score=math.inf)], entry()),
            *departures([AGREEING], entry(variant="nothing")),
        ]
        assert kinds(found) == ["introduced", "gone", "changed", "stale"]
        assert len({finding.message for finding in found}) == 4


class TestStrictness:
    def test_one_agreeing_cell_among_deviating_ones_fails(self):
        assert kinds(departures([DEVIATING, AGREEING], entry())) == ["gone"]

    def test_unless_the_entry_says_that_some_agree(self):
        assert departures([DEVIATING, AGREEING], entry(partly=True)) == []

    def test_even_then_each_configuration_has_to_show_it(self):
        other = replace(AGREEING, dtype="float64")
        assert kinds(departures([DEVIATING, AGREEING, other], entry(partly=True))) == ["gone"]

    def test_a_quick_run_need_not_hold_the_cells_that_show_it(self):
        other = replace(AGREEING, dtype="float64")
        assert departures([DEVIATING, other], entry(partly=True), profile="quick") == []
        assert departures([other], entry(partly=True), profile="quick") == []
        assert kinds(departures([other], entry(), profile="quick")) == ["gone"]

    def test_a_filtered_run_need_not_hold_the_cells_that_show_it(self):
        assert departures([AGREEING], entry(partly=True), modes=["origin"]) == []
        assert departures([AGREEING], entry(variant="nothing"), modes=["origin"]) == []

    def test_a_larger_set_of_options_need_not_meet_the_end_of_a_range_that_shows_it(self):
        ends = [replace(cell, mode="boundaries") for cell in (DEVIATING, AGREEING)]
        other = replace(ends[1], variant="torch-rmsprop-momentum", features="momentum")
        assert departures([*ends, other], entry(partly=True, mode="boundaries")) == []
        found = departures([ends[1], other], entry(partly=True, mode="boundaries"))
        assert kinds(found) == ["gone"]
        assert kinds(departures([*ends, other], entry(partly=True))) == ["gone"]

    def test_in_another_format_one_set_of_options_shows_it_for_all(self):
        """Few cases are drawn there."""
        other = replace(AGREEING, variant="torch-rmsprop-momentum", features="momentum")
        assert kinds(departures([DEVIATING, other], entry(partly=True))) == ["gone"]
        narrow = [replace(cell, dtype="float16") for cell in (DEVIATING, other)]
        assert departures(narrow, entry(partly=True)) == []
        assert kinds(departures(narrow[1:], entry(partly=True))) == ["gone"]

    def test_what_cannot_be_decided_is_no_agreement(self):
        assert departures([replace(AGREEING, verdict="ill-posed")], entry()) == []

    def test_another_verdict_is_introduced_and_names_the_entry(self):
        (finding,) = departures([replace(DEVIATING, verdict="crash")], entry())
        assert finding.kind is Kind.introduced
        assert "comes to crash on" in finding.message
        assert "known expects deviates" in finding.message

    def test_what_another_document_says_is_no_finding(self):
        assert departures([replace(DEVIATING, relation="other")], []) == []

    def test_two_bands_of_one_place_share_its_cells(self):
        both = entry() + entry(id="larger", score=[1e8, 1e9])
        cells = [DEVIATING, replace(DEVIATING, divergence_score=5e8)]
        assert departures(cells, both) == []

    def test_an_adapter_that_broke_off_leaves_nothing_stale(self):
        stale = entry(variant="nothing")
        assert departures([AGREEING], stale, about={"complete": False}) == []


class TestConditions:
    @pytest.mark.parametrize(
        ("versions", "holds"),
        [
            (">=2.1,<3", True), ("==2.1", True), (">=2.2", False), ("other>=1", True),
            ("other<1", False), ("absent>=0", False),
        ],
    )  # fmt: skip
    def test_an_entry_counts_in_its_versions_only(self, versions, holds):
        installed = {"fake": "2.1+cpu", "other": "1.0"}
        found = departures([DEVIATING], entry(versions=versions), versions=installed)
        assert kinds(found) == ([] if holds else ["introduced"])

    def test_outside_its_versions_an_entry_is_not_stale(self):
        old = entry(versions="<2", variant="nothing")
        assert departures([AGREEING], old, versions={"fake": "2.1"}) == []

    def test_a_version_that_cannot_be_compared_meets_no_condition(self):
        found = departures([DEVIATING], entry(versions=">=0"), versions={"fake": "master"})
        assert kinds(found) == ["introduced"]

    def test_a_device_can_be_named(self):
        assert departures([DEVIATING], entry(device="cpu")) == []
        assert kinds(departures([DEVIATING], entry(device="cuda:*"))) == ["introduced"]

    def test_a_device_that_is_not_there_leaves_nothing_stale(self):
        assert departures([AGREEING], entry(device="cuda:*")) == []

    @pytest.mark.parametrize(
        "dates", [{"reviewed": "2025-11-19"}, {"review_by": date(2026, 11, 19)}]
    )
    def test_a_review_that_is_due_warns_and_does_not_fail(self, dates):
        (finding,) = found = departures([DEVIATING], entry(**dates))
        assert finding.kind is Kind.overdue
        assert "check its reason" in finding.message
        assert gate.exit_code(found) == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"id": "a, b"}, "is no identifier"),
        ({"score": [2.0, 1.0]}, "give the smaller first"),
        ({"score": [-1.0, 1.0]}, "none below 0"),
        ({"score": [math.nan, math.nan]}, "give the smaller first"),
        ({"versions": "2.1 or so"}, "no version condition"),
        ({"versions": "torch"}, "no version condition such as 'optax>=0.2'"),
        ({"reviewed": "yesterday"}, "reviewed"),
        ({"review_by": "2026-13-01"}, "review_by"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(more, message):
    with pytest.raises(ExpectationError, match=message):
        entry(**more)
