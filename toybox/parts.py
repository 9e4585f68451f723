"""The two parts of a method: a direction d(t) from the gradients of step 0 .. t, and a rule for the step along it.

Both are frozen hyper-parameters; a state goes in and comes out. What they declare of themselves, for the laws that hold
for all but a few:

    per_coordinate   every coordinate is treated on its own: a rotated problem has other trajectories
    scale_free       the move along c d is that along d
    absolute_loss    the loss itself matters, not only its differences: adding a constant changes the steps
    whole            the rule asks for the line on the whole data set
    to_rounding      searches until nothing changes: how many evaluations that takes depends on the last bit
    afresh           compares losses on fresh batches, where the loss at 0 is one evaluation more
    belief           solves for a belief, with a matrix whose condition is about this number for three points; losses
                     that are not finite are walls in it, whose height drowns the digits of what lies below
    carries          the batch that judged a step gives the next gradient, too
    gradients(t)     how many gradients of its batch step t takes, where that is not one
    area             the losses that it compares differ by about area times a curvature: what subtraction leaves of it
"""

from __future__ import annotations

from typing import Any, Protocol

from .rays import Ray, Step
from .xp import Array, Namespace


class Direction(Protocol):
    """init(point) gives the first state; step answers with d (*lanes, dim) and the next state."""

    def init(self, xp: Namespace, point: Any) -> Any: ...
    def step(self, xp: Namespace, point: Any, state: Any) -> tuple[Array, Any]: ...


class Rule(Protocol):
    """A step rule. ``init`` gives its first state; ``step`` answers for all lanes at once."""

    def init(self, xp: Namespace, lanes: tuple[int, ...]) -> Any: ...
    def step(self, ray: Ray, state: Any) -> Step: ...


def gradients(direction: Any, t: int) -> int:
    """How many gradients of its batch step t of a direction takes."""
    return direction.gradients(t) if hasattr(direction, "gradients") else 1
