"""What several of these claims need."""

from __future__ import annotations

import numpy as np

from ..sls.common import Separable


def contradicted(data):
    """The same data and the first point once more, labelled otherwise."""
    return Separable(np.concatenate([data.X, data.X[:1]]), np.append(data.y, 1 - data.y[0]), data.w)
