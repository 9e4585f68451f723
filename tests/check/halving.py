"""A rule that satisfies every law; the tests break it."""

import toybox as tb
from toybox.hyper import Hyper, integer, number
from toybox.rays import conclude, decreases, descends


@tb.register("halving", "halves the step until the loss has decreased enough")
class Halving:
    c: Hyper = number(0.1, "(0, 1)")
    first: Hyper = number(1.0, "(0, inf)")
    tries: int = integer(60, 1)

    def init(self, xp, lanes):
        return xp.broadcast_to(self.first, lanes)

    def step(self, ray, s):
        xp, line = ray.xp, ray.line()
        slope0, s = line.slope0, 2 * s
        seeking = moving = descends(slope0)
        for _ in range(self.tries):
            change = line.change(s[..., None], where=seeking)[..., 0]
            seeking = seeking & ~decreases(change, self.c * s * slope0)
            if not xp.any(seeking):
                break
            s = xp.where(seeking, s / 2, s)
        size, status = conclude(xp, slope0, s, moving & ~seeking, 0 * s > 0)
        return tb.Step(size, s, status)
