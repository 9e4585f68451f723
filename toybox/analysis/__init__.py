"""Losses along lines: what a rule saw, lines along a trajectory, fits, accepted sets, barriers, curvature.

    sample      lines along a trajectory                    watch      one step as its rule saw it
    fit         polynomials through lines, alike shapes     regions    accepted steps as unions of intervals
    steps       strategies against the true minimum         balance    the best rate on a rate's own trajectory
    batches     what the batch size does to a line          barriers   between iterates
    curvature   alignment, noise scale, cosines, angles

The first two are here by name, the others in their modules.
"""

from .sample import Lines, lowest, sample
from .watch import Asked, Beliefs, Question, Seen, Watch, beliefs, watch

__all__ = ["Asked", "Beliefs", "Lines", "Question", "Seen", "Watch", "beliefs", "lowest", "sample", "watch"]
