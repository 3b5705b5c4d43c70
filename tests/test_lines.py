"""A few random command lines; ``nox -s faults`` takes 2,000."""

from __future__ import annotations

import lines
import pytest


def test_random_lines_end_with_a_code_and_one_line(tmp_path, monkeypatch, cache):
    lines.setting(tmp_path / "cwd")
    drawn = lines.Lines(seed=5)
    for _ in range(25):
        words = drawn.line()
        code, said = lines.tried(words)
        assert not lines.wrong(code, said), (words, said)


@pytest.mark.parametrize(
    ("code", "said"), [(70, "error: x"), (1, "Traceback (most recent call last)"), (2, "")]
)
def test_what_is_wrong_with_an_ending_is_seen(code, said):
    assert lines.wrong(code, said)
