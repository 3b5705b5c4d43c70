"""Data as script files hold it: tables without repetitions, and JSON that cannot end a script."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas

Json = dict[str, Any]


def table(frame: pandas.DataFrame, columns: list[str]) -> Json:
    """Rows of some columns.

    A column in which every row says the same is kept once; of words that repeat, each is kept once
    and rows have its number.
    """
    same, words, kept, varied = {}, {}, [], []
    for name in columns:
        values = frame[name].tolist() if len(frame) else []
        different = dict.fromkeys(values) if values and isinstance(values[0], str) else {}
        if len(different) == 1 or (len(values) > 1 and len(set(map(str, values))) == 1):
            same[name] = values[0]
            continue
        if different and len(different) * 2 < len(values):
            words[name] = list(different)
            numbers = {value: number for number, value in enumerate(different)}
            values = [numbers[value] for value in values]
        kept.append(name)
        varied.append(values)
    rows = [list(row) for row in zip(*varied, strict=True)] if varied else [[]] * len(frame)
    return {"same": same, "words": words, "columns": kept, "rows": rows}


def encoded(content: object) -> str:
    """JSON that a script may hold, infinities as text and nan as null."""
    text = json.dumps(finite(content), ensure_ascii=False, separators=(",", ":"), default=str)
    # A script in a page would end at these; a script file does not, and may become one.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def finite(content: object) -> object:
    """The same without numbers that JSON lacks."""
    if isinstance(content, dict):
        return {str(name): finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None if math.isnan(content) else str(content)
    return content
