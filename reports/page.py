"""The template engine of the HTML pages."""

from __future__ import annotations

import functools

import jinja2

from optimizer_conformance.reports.model import options
from optimizer_conformance.reports.terminal import number
from optimizer_conformance.reports.verdicts import CLAIM_TONES, MEANINGS


@functools.cache
def template(name: str) -> jinja2.Template:
    """A page; everything that is put into it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("optimizer_conformance.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tones = {str(verdict): meaning.tone for verdict, meaning in MEANINGS.items()}
    claims = {word.replace(" ", "-"): tone for word, tone in CLAIM_TONES.items()}
    environment.globals["tones"] = tones | claims
    environment.filters |= {"number": number, "options": options}
    return environment.get_template(name)
