"""Over which parameters the questions are asked, and what claims or closed forms say of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction as F
from itertools import pairwise
from typing import Any, NamedTuple

from ..worst_cases import exact_armijo, exact_constant_rate, exact_contraction
from . import programs, replay
from .forms import Worst
from .through import Place

Span = tuple[F, F]  # the shortest and the longest step that is asked about
TENTH, HALF, ONE = F(1, 10), F(1, 2), F(1)


class Row(NamedTuple):
    """A question at given parameters, about steps in ``span`` if about steps at all.

    rate: what is to be certified; None: as little as can be, to six digits. stated: what a closed form says, or what
    the claim does. bounded: whether there is anything to certify, or only a function that shows that there is not.
    judged: whether the step is one that a threshold decides about. replay: our rule on a function through the points
    that the solver has; None: its points are not on a gradient's line, and ``piecewise`` has functions.
    """

    question: Callable[..., Worst]
    given: dict[str, F]
    claim: str
    stated: float
    span: Span | None = None
    rate: F | None = None
    bounded: bool = True
    judged: bool = True
    replay: Callable[..., Any] | None = None

    @property
    def name(self) -> str:
        numbers = [f"{key}={value}" for key, value in self.given.items()]
        if self.span:
            low, high = self.span
            numbers.append(f"s={low}" if low == high else f"s={low}..{high}")
        return " ".join([self.question.__name__, *numbers])

    def pieces(self, cuts: Iterable[F]) -> list[Worst]:
        """The questions that together are about all steps between the first cut and the last."""
        if self.span is None:
            return [self.question(**self.given)]
        ends = [(a, b, end) for a, b in pairwise(cuts) for end in dict.fromkeys((a, b))]
        return [self.question(**self.given, a=a, b=b, end=end) for a, b, end in ends]

    def at(self, s: F | None, **room: F) -> Worst:
        """The question about one step."""
        step = {} if s is None else {"a": s, "b": s, "end": s}
        return self.question(**self.given, **step, **room)

    def strict(self, s: F | None, room: F) -> Worst:
        """The same, where no rounding changes what a rule decides."""
        return self.at(s, room=room) if self.judged else self.at(s)

    def attained(self, places: Sequence[Place], s: F | None) -> Any:
        """What our rule attains on a function through these places."""
        if self.replay is None:
            raise ValueError(f"{self.name}: no function is kept; accepted: a row with a replay")
        return self.replay(replay.Ray(self.given["mu"], places), self.given, s)


def exact_search(mu: F) -> Row:
    return Row(programs.exact_search, {"mu": mu}, "PAL-RATE", float((1 - mu) / (1 + mu)) ** 2)


def constant(mu: F, rate: F, share: Any) -> Row:
    question = {"each": programs.constant, "mean": programs.constant_of_mean}[share]
    stated = exact_constant_rate(float(mu), 1.0, float(rate), share)
    return Row(question, {"mu": mu, "rate": rate}, "RM-08", stated)


def accepted(mu: F, s: F, c: F) -> Row:
    stated = exact_armijo(float(mu), 1.0, float(s), float(c))
    return Row(programs.accepted, {"mu": mu, "c": c, "s": s}, "LS-07", stated, replay=replay.accepted)


def backtracked(mu: F, c: F, beta: F, s: F | None = None) -> Row:
    """Of all steps that can be accepted after a rejection; or of one."""
    span = (s, s) if s else (2 * beta * (1 - c), 2 * (1 - c) / mu)
    simple = 1 - 2 * mu * c * span[0]  # f1 <= f0 - c s |g0|^2 and |g0|^2 >= 2 mu f0
    return Row(
        programs.backtracked, {"mu": mu, "c": c, "beta": beta}, "LS-08", float(simple), span, replay=replay.backtracked
    )


def uncontracted(mu: F) -> Row:
    return Row(programs.uncontracted, {"mu": mu}, "SLS-05", exact_contraction(float(mu), 1.0))


def fejer(mu: F, c: F) -> Row:
    span = (2 * (1 - c), 2 * (1 - c) / mu)
    return Row(programs.fejer, {"mu": mu, "c": c}, "SLS-02", 1.0, span, replay=replay.fejer)


def contracted(mu: F, c: F) -> Row:
    """Of all steps from the shortest that is rejected on, as SLS-03 has it without beta."""
    span = (2 * (1 - c), 2 * (1 - c) / mu)
    simple = float(1 - mu * span[0])
    return Row(programs.contracted, {"mu": mu, "c": c}, "SLS-03", simple, span, replay=replay.contracted)


def unaccepted(c: F) -> Row:
    """The shortest step that sufficient decrease can reject."""
    low = 2 * (1 - c)
    return Row(programs.unaccepted, {"c": c}, "LS-08", 0.0, (low, low), rate=F(0))


def parabola(mu: F, measure: F, bounded: bool) -> Row:
    """Whether PAL's step from there never ascends. A parabola's minimum lies between 1/L and 1/mu."""
    rate = ONE if bounded else None
    given = {"mu": mu, "measure": measure}
    span = (ONE, 1 / mu)
    return Row(programs.parabola, given, "PAL-P1", 1.0, span, rate, bounded, judged=False, replay=replay.parabola)


STEPS = {TENTH: (1, 2, 3, 5, 10, 12, 17), HALF: (1, 2, 3, 5, 8), 9 * TENTH: (F(1, 5), 1, F(19, 10))}  # c: steps
WINDOW = {  # mu: where PAL may measure without ever ascending, and where not
    F(1, 20): ((), (1, 4, 8, 16, 64)),
    TENTH: ((), (1, 2, 4, 6, F(27, 4), 8, 16, 64)),
    F(11, 100): ((F(31, 5),), (4, 8)),
    F(3, 20): ((4, 5, 6), (1, 2, 3, 8, 16, 64)),
    F(1, 5): ((3, 4, 6, 8), (HALF, 1, 2, 16, 64)),
    F(3, 10): ((2, 4, 8), (HALF, 1, 16, 64)),
    HALF: ((HALF, 1, 2, 4, 8, 16, 64), ()),
}

ROWS = {
    row.name: row
    for row in [
        *(exact_search(mu) for mu in (F(1, 100), TENTH, HALF)),
        *(constant(TENTH, rate, share) for share in ("each", "mean") for rate in (HALF, ONE, F(19, 10))),
        *(accepted(TENTH, F(s), c) for c, steps in STEPS.items() for s in steps),
        *(uncontracted(F(mu)) for mu in ("3/10", "1/10", "3/80", "1/100", "3/1000")),
        *(fejer(TENTH, c) for c in (F(3, 5), F(3, 4))),
        *(contracted(F(mu), HALF) for mu in ("1/20", "1/10", "1/5", "3/10", "1/2")),
        contracted(TENTH, F(3, 4)),
        *(unaccepted(c) for c in (TENTH, HALF)),
        *(backtracked(TENTH, TENTH, F(9, 10), F(s, 100)) for s in (163, 165, 170, 180, 200)),
        *(backtracked(TENTH, c, beta) for c in (TENTH, HALF) for beta in (F(9, 10), HALF)),
        *(parabola(mu, F(m), True) for mu, (inside, _) in WINDOW.items() for m in inside),
        *(parabola(mu, F(m), False) for mu, (_, outside) in WINDOW.items() for m in outside),
    ]
}
