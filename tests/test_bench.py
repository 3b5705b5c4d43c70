"""Measurements: what is said of them, and that the page says what was measured."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.cli.main import app
from optimizer_conformance.questions.bench import page, record
from optimizer_conformance.questions.bench.measure import Measure, in_turn, measured, nanoseconds

DOCS = Path(__file__).parent.parent / "docs"


def of(ratio, spread=0.0, name="one", **given):
    return Measure("group", name, "10", 1.0, "s", "another", ratio, spread, **given)


def test_what_grew_by_more_than_a_quarter_and_by_more_than_it_spreads_is_said():
    kept = record.Measurements(
        record.here(), [of(2.0), of(2.0, 0.3, "wide"), of(None, name="bare")]
    )
    now = [of(2.6), of(3.0, 0.1, "wide"), of(None, name="bare"), of(9.0, name="new")]
    assert [item.measure.name for item in record.grown(kept, now)] == ["one"]


def test_ratios_are_of_pairs_that_were_timed_in_turn():
    pairs = in_turn(lambda: sum(range(20_000)), lambda: sum(range(2_000)), 5)
    found = measured("group", "sums", "", nanoseconds(1), pairs, "a tenth of it", aim=1.0)
    assert found.ratio > 2
    assert not found.met


def test_a_file_that_holds_no_measurements_is_refused(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    line = ["bench", "--only", "starts", "--against", str(tmp_path / "other.json")]
    done = CliRunner().invoke(app, line)
    assert isinstance(done.exception, UsageError)


@pytest.mark.parametrize("kind", ["json", "md"])
def test_the_page_is_made_from_what_was_kept(kind):
    kept = msgspec.json.decode((DOCS / "performance.json").read_bytes(), type=record.Measurements)
    texts = {
        "md": page.markdown(kept),
        "json": msgspec.json.format(msgspec.json.encode(kept), indent=1).decode() + "\n",
    }
    assert (DOCS / f"performance.{kind}").read_text() == texts[kind]
