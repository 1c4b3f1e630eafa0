"""Templates of paths, as ``/customers/{id}/cards``: a segment in braces stands for any that is not empty."""

from collections.abc import Sequence


def fits(template: Sequence[str], path: Sequence[str]) -> bool:
    """Tell whether the segments of a path are those of a template."""
    if len(template) != len(path):
        return False
    return all(sent != "" if known[:1] == "{" else sent == known for known, sent in zip(template, path, strict=True))
