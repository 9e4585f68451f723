"""Losses along lines: what a rule saw, lines along a trajectory, fits, accepted sets, barriers, curvature."""

from .sample import Lines, lowest, sample
from .watch import Asked, Beliefs, Question, Seen, Watch, beliefs, watch

__all__ = ["Asked", "Beliefs", "Lines", "Question", "Seen", "Watch", "beliefs", "lowest", "sample", "watch"]
