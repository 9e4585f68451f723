"""Pages of HTML that need nothing but themselves: templates, and what they do with formulas, sources and numbers."""

from __future__ import annotations

import io
import keyword
import math
import tokenize
from collections.abc import Iterable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from latex2mathml.converter import convert
from markupsafe import Markup, escape


def _template(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text("utf-8")


ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FunctionLoader(_template),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(template: str, **values: Any) -> str:
    """The page of a template of this package with these values, and the day it was written."""
    return ENVIRONMENT.get_template(template).render(today=date.today().isoformat(), **values)


def write(path: Path, page: str) -> None:
    path.write_text(page + "\n", "utf-8")


def mathematics(formula: str) -> Markup:
    """TeX as MathML, which browsers draw without help."""
    return Markup(convert(formula, display="block"))


def highlighted(source: str) -> Markup:
    """Python with keywords in <b>, and comments and texts in <i>."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    parts, done = [], 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        quiet = token.type in (tokenize.STRING, tokenize.COMMENT)
        if quiet or (token.type == tokenize.NAME and keyword.iskeyword(token.string)):
            start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            tag = "i" if quiet else "b"
            parts += [escape(source[done:start]), Markup(f"<{tag}>{{}}</{tag}>").format(source[start:end])]
            done = end
    return Markup("").join([*parts, source[done:]])


def histogram(margins: Iterable[float], bins: int = 24) -> tuple[int, list[float]]:
    """How many margins there are, and how many lie in each part of 0 .. 1 (the limit, a perfect hit; those above 1
    count as 1): heights between 0 and 1, logarithmic. No heights where there is little to see."""
    values = np.clip([m for m in margins if math.isfinite(m)], 0, 1)
    if len(values) < 20 or not values.any():
        return len(values), []
    counts, _ = np.histogram(values, bins, range=(0, 1))
    return len(values), list(np.log1p(counts) / np.log1p(counts.max()))


ENVIRONMENT.filters |= {"mathematics": mathematics, "highlighted": highlighted, "histogram": histogram}
