"""A certificate as a page: Markdown, or HTML that needs nothing else."""

from __future__ import annotations

from pathlib import Path

import jinja2

from optimizer_conformance.questions.certify.record import Certificate

TEMPLATES = Path(__file__).parent / "templates"
FORMATS = {".md": "certificate.md.j2", ".html": "certificate.html.j2"}


def render(certificate: Certificate, suffix: str) -> str:
    """The page for a file that ends in ``suffix``, a key of ``FORMATS``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=suffix == ".html",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["short"] = lambda value: "∞" if value is None else f"{value:.3g}"
    return environment.get_template(FORMATS[suffix]).render(c=certificate, s=certificate.statement)
