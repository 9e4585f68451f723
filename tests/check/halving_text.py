"""A rule that satisfies every law, as a text; the tests break it."""

import toybox as tb
from toybox.rays import descends


@tb.register("halving", "halves the step until the loss has decreased enough")
class Halving(tb.Search):
    c: tb.Hyper = tb.number(0.1, "(0, 1)", "share of the first-order decrease that is demanded")
    first: tb.Hyper = tb.number(1.0, "(0, inf)", "half of the first trial")
    tries: int = tb.integer(60, 1, "trials at most")

    def begin(self):
        return self.first

    def search(self, here, s):
        s = 2 * s
        if not descends(here.slope0):
            return tb.nowhere(here.slope0, s)
        for _ in range(self.tries):
            change = yield tb.change(s)
            if change < 0 and change <= self.c * s * here.slope0:
                return tb.found(s, s)
            s = s / 2
        return tb.exhausted(s)
