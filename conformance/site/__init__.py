"""The documentation site: pages that are generated while MkDocs builds it (``mkdocs.yml``)."""
