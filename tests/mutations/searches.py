"""Mistakes in searches: comparisons turned, bounds dropped, batches shifted, constants changed, states not kept. Each
family is tried on the tests of its own file, and on the authors' traces where they are there.
"""

from mutant import Mutant, family

TRACES = " tests/peers/test_traces.py::test_released_code_takes_the_same_steps"


def method(name: str, mistakes: dict[str, tuple[str, str]], traces: str = TRACES) -> dict[str, Mutant]:
    return family(f"toybox/methods/{name}.py", f"tests/methods/test_{name}.py{traces}", mistakes)


ARMIJO = {
    "grows-as-in-an-epoch": ("if self.steps_per_epoch else here.fraction)", "if self.steps_per_epoch else 1)"),
    "steps-per-epoch-inverted": ("(1 / self.steps_per_epoch if", "(self.steps_per_epoch if"),
    "grows-with-reset-0": ("if self.reset == 1:", "if self.reset == 0:"),
    "starts-again-with-reset-1": ("self.first if self.reset == 2 else", "self.first if self.reset == 1 else"),
    "first-trial-no-cap": (
        "min(self.first if self.reset == 2 else s, self.max_step)",
        "self.first if self.reset == 2 else s",
    ),
    "grown-past-cap": (
        "min(self.first if self.reset == 2 else s, self.max_step)",
        "min(self.first, self.max_step) if self.reset == 2 else s",
    ),
    "any-decrease": ("s * (self.c * slope0))", "s * (0 * slope0))"),
    "c-dropped": ("s * (self.c * slope0))", "s * slope0)"),
    "constant-decrease": ("s * (self.c * slope0))", "self.c * slope0)"),
    "sign": ("s * (self.c * slope0))", "-s * (self.c * slope0))"),
    "capped-beyond-its-cap": ("capped=s >= self.max_step)  # line 9", "capped=s > self.max_step)  # line 9"),
    "never-capped": ("capped=s >= self.max_step)  # line 9", "capped=False)  # line 9"),
    "halves": ("s = self.beta * s  # line 6", "s = 0.5 * s  # line 6"),
    "shrinks-twice": ("s = self.beta * s  # line 6", "s = self.beta**2 * s  # line 6"),
    "one-try-more": ("range(self.tries)", "range(self.tries + 1)"),
    "one-try-less": ("range(self.tries)", "range(self.tries - 1)"),
    "carries-first": ("exhausted(s, size", "exhausted(self.first, size"),
    "carries-its-step": ("exhausted(s, size", "exhausted(0 * s, size"),
    "hands-on-first": ("found(s, s, capped", "found(s, self.first, capped"),
    "state-lost-where-nothing-descends": ("nowhere(slope0, s)", "nowhere(slope0, self.first)"),
    "judged-by-the-gradient-s-batch": ("return self.sample\n", "return 0\n"),
    "judged-by-the-next-batch": ("return self.sample\n", "return self.sample + 1\n"),
    "released-other-step": ("size=1e-6 if", "size=1e-5 if"),
    "released-no-step": ("size=1e-6 if released else 0", "size=0"),
    "released-short-gradient": ("slope0 = 0 * slope0", "slope0 = slope0"),
    "released-other-length": ("here.norm < 1e-8", "here.norm < 1e-7"),
}
GOLDSTEIN = {
    "no-cap": ("min(self.grow * s, self.max_step)", "self.grow * s"),
    "cap-is-a-failure": ("short and s >= self.max_step else", "short and s > self.max_step else"),
    "too-long-is-capped": ("if short and s >= self.max_step else", "if s >= self.max_step else"),
    "no-smallest": ("max(self.beta * s, smallest)", "self.beta * s"),
    "other-smallest": ("SMALLEST = 1e-8", "SMALLEST = 1e-6"),
    "lower-line-of-armijo": ("fall >= (1 - self.c) * s", "fall >= self.c * s"),
    "lower-line-excluded": ("fall >= (1 - self.c) * s", "fall > (1 - self.c) * s"),
    "only-the-upper-line": ("if short and fall >= (1 - self.c) * s * slope0:", "if short:"),
    "upper-line-of-1": ("self.c * s * slope0)  #", "s * slope0)  #"),
    "turned": ("if short else max", "if not short else max"),
    "grows-by-2": ("self.grow * s", "2 * s"),
    "shrinks-by-2": ("self.beta * s,", "0.5 * s,"),
    "one-try-less": ("trial == self.tries:", "trial == self.tries - 1:"),
    "tries-where-it-stands": ("if after == s or trial", "if trial"),
    "starts-again": ("return found(s, s, capped=s >=", "return found(s, self.first, capped=s >="),
    "never-capped-between-lines": ("return found(s, s, capped=s >= self.max_step)", "return found(s, s)"),
    "failed-search-starts-again": ("exhausted(s, size=s)", "exhausted(self.first, size=s)"),
    "failed-search-stays": ("exhausted(s, size=s)", "exhausted(s)"),
    "state-lost-where-nothing-descends": ("nowhere(slope0, s)", "nowhere(slope0, self.first)"),
}
WOLFE = {
    "first-trial-no-cap": ("min(self.first, self.max_step)", "self.first"),
    "higher-than-the-lowest": (" and fall < lowest  #", "  #"),
    "capped-uphill": ("good and rise < 0 and high", "good and high"),
    "never-capped": ("high == inf and s >= self.max_step", "high == inf and s > self.max_step"),
    "found-at-its-cap": ("return found(s, capped=s >= self.max_step)", "return found(s, capped=capped)"),
    "weak": ("abs(rise) <= -self.c2", "-rise <= -self.c2"),
    "no-curvature": ("(good and abs(rise) <= -self.c2 * slope0)", "good"),
    "curvature-strict": ("abs(rise) <= -self.c2", "abs(rise) < -self.c2"),
    "c1-for-c2": ("<= -self.c2 * slope0", "<= -self.c1 * slope0"),
    "c2-for-c1": ("self.c1 * s * slope0", "self.c2 * s * slope0"),
    "constant-decrease": ("self.c1 * s * slope0", "self.c1 * slope0"),
    "points-elsewhere": ("if rise * (high - low) > 0", "if rise * (high - low) < 0"),
    "keeps-the-far-end": ("high = low if rise * (high - low) > 0 else high", "high = high"),
    "lowest-not-kept": ("low, lowest = s, fall", "low, lowest = s, 0"),
    "not-the-middle": ("(low + high) / 2", "(2 * low + high) / 3"),
    "triples": ("min(2 * s, self.max_step)", "min(3 * s, self.max_step)"),
    "doubles-past-cap": ("min(2 * s, self.max_step)", "2 * s"),
    "one-try-more": ("range(self.tries)", "range(self.tries + 1)"),
    "failed-search-steps": ("return exhausted()", "return exhausted(size=low)"),
}
EXACT = {
    "stops-at-a-secant": (" and not stalled", ""),
    "found-after-its-rounds": ("        return exhausted()\n", "        return found(s)\n"),
    "behind-the-wall": ("s = s if finite(rise) else low", "s = s"),
    "half-the-rounds": ("VANISHED = 200,", "VANISHED = 100,"),
    "never-bisects": ("turn % 3 < 2", "turn % 3 < 3"),
    "bisects-every-other-time": ("turn % 3 < 2", "turn % 2 < 1"),
    "never-tenfold": ("turn % 8 < 7", "turn % 8 < 8"),
    "hundredfold": ("10 * s, self.s_max", "100 * s, self.s_max"),
    "no-cap": ("10 * s, self.s_max)", "10 * s)"),
    "first-trial-no-cap": ("min(low + 1, self.s_max)", "1"),
    "never-capped": ("capped=low >= self.s_max", "capped=low > self.s_max"),
    "other-batch": ("return ALL if self.whole else 0", "return 0"),
    "whole-is-batch": ('self.on == "full"', 'self.on == "batch"'),
    "less-exact": ("4 * here.eps", "2.0**24 * here.eps"),
    "secant-from-0": ("before, rise_before, s = s, rise, after", "before, rise_before, s = 0, slope0, after"),
    "bracket-turned": ("(s, high) if descends(rise) else (low, s)", "(low, s) if descends(rise) else (s, high)"),
    "root-uphill": ("root = s - rise", "root = s + rise"),
}
GOLSI = {
    "no-largest": ("min(1 / (here.norm or 1), 10**7)  # line 1", "10**7  # line 1"),
    "no-1e7": ("min(1 / (here.norm or 1), 10**7)  # line 1", "1 / (here.norm or 1)  # line 1"),
    "largest-as-a-step": ("1 / (here.norm or 1)", "1"),
    "no-smallest": ("max(state, self.smallest)", "state"),
    "first-trial-no-cap": ("min(max(state, self.smallest), largest)", "max(state, self.smallest)"),
    "c2-dropped": ("-self.c2 * here.slope0", "-here.slope0"),
    "state-lost": ("end._replace(state=state)", "end._replace(state=self.first)"),
    "state-lost-where-nothing-descends": ("nowhere(here.slope0, state, extra=1)", "nowhere(here.slope0, self.first)"),
    "0-excluded": ("if 0 <= rise <= limit:", "if 0 < rise <= limit:"),
    "limit-excluded": ("if 0 <= rise <= limit:", "if 0 <= rise < limit:"),
    "accepts-downhill": ("if 0 <= rise <= limit:", "if -limit <= rise <= limit:"),
    "no-immediate-accept": ("if 0 <= rise <= limit:", "if False:"),
    "other-sign": ("grows = rise < 0  # lines", "grows = rise > 0  # lines"),
    "other-batch-at-first": ("slope(s, batch=1)  # line 3", "slope(s, batch=0)  # line 3"),
    "same-batch": ("batch=j)\n        if (rise < 0)", "batch=1)\n        if (rise < 0)"),
    "batch-shifted": ("batch=j)\n        if (rise < 0)", "batch=j + 1)\n        if (rise < 0)"),
    "shrinks-by-2": ("s * rule.factor if grows else s / rule.factor  #", "s * rule.factor if grows else s / 4  #"),
    "grows-by-4": ("s * rule.factor if grows else s / rule.factor  #", "s * 4 if grows else s / rule.factor  #"),
    "grows-too-far": (
        "largest / rule.factor if grows else s >= rule.smallest * rule.factor)\n        if beyond",
        "largest if grows else s >= rule.smallest * rule.factor)\n        if beyond",
    ),
    "shrinks-too-far": (
        "s >= rule.smallest * rule.factor)\n        if beyond",
        "s >= rule.smallest)\n        if beyond",
    ),
    "limits-excluded": (
        "(s <= largest / rule.factor if grows else s >= rule.smallest * rule.factor)\n        if beyond",
        "(s < largest / rule.factor if grows else s > rule.smallest * rule.factor)\n        if beyond",
    ),
    "one-try-less": (
        "if j > rule.tries:\n            return exhausted(s if finite(rise) else None)\n",
        "if j >= rule.tries:\n            return exhausted(s if finite(rise) else None)\n",
    ),
    "tired-starts-again": ("return exhausted(s if finite(rise) else None)\n", "return exhausted(None)\n"),
    "tired-of-nothing": ("return exhausted(s if finite(rise) else None)\n", "return exhausted(s)\n"),
    "sign-not-changed": ("if (rise < 0) != grows:  #", "if (rise < 0) == grows:  #"),
    "nothing-is-finite": ("if not finite(rise):\n        return diverged()\n", "pass\n"),
    "below-is-found": ("return exhausted(s, size=s)  # line 22", "return found(s, s)  # line 22"),
    "below-stays": ("return exhausted(s, size=s)  # line 22", "return exhausted(s)  # line 22"),
    "never-capped": ("capped=beyond)  # line 16", "capped=False)  # line 16"),
    "step-not-kept": ("found(s, s, capped=beyond)  # line 16", "found(s, None, capped=beyond)  # line 16"),
    "released-0-included": ("0 < rise < limit", "0 <= rise < limit"),
    "released-limit-included": ("0 < rise < limit", "0 < rise <= limit"),
    "released-limit-passed": (
        "s >= largest if grows else s <= rule.smallest\n",
        "s > largest if grows else s <= rule.smallest\n",
    ),
    "released-smallest-passed": ("else s <= rule.smallest\n", "else s < rule.smallest\n"),
    "released-batch-shifted": ("else s / rule.factor, j + 1", "else s / rule.factor, j + 2"),
    "released-same-batch": ("batch=j)\n        turned", "batch=1)\n        turned"),
    "released-other-sign": ("turned = (rise < 0) != grows", "turned = (rise <= 0) != grows"),
    "released-unasked-beyond": ("while not beyond and not turned:", "while not turned:"),
    "released-turned-is-capped": ("capped=beyond and not turned", "capped=beyond"),
    "released-turned-is-below": ("if beyond and not turned and not grows:", "if beyond and not grows:"),
    "released-nothing-is-finite": ("if not finite(rise):\n        return diverged(extra=j)\n", "pass\n"),
    "released-step-not-kept": ("found(s, s, capped=beyond and", "found(s, None, capped=beyond and"),
    "released-tires-later": (
        "if j > rule.tries:\n            return exhausted(s if finite(rise) else None, extra",
        "if j > rule.tries + 1:\n            return exhausted(s if finite(rise) else None, extra",
    ),
    "released-judge": ("not turned, extra=j)", "not turned, extra=1)"),
    "released-first-judge": ("found(s, s, extra=1)", "found(s, s, extra=2)"),
    "released-judge-of-one-lane": ("xp.where(xp.asarray(judges == j), ray.sample(j), sample)", "ray.sample(j)"),
    "released-draws-anew": ('"carry": True', '"carry": False'),
}
EXTRAGRADIENT = {
    "c-dropped": ("self.c * here.norm", "here.norm"),
    "limit-excluded": ("<= limit:", "< limit:"),
    "limit-turned": ("<= limit:", ">= limit:"),
    "halves": ("s = self.beta * s", "s = 0.5 * s"),
    "never-capped": ("capped=s >= self.max_step", "capped=s > self.max_step"),
    "one-try-more": ("range(self.tries)", "range(self.tries + 1)"),
    "starts-again": ("return found(s, s, ", "return found(s, self.first, "),
    "failed-search-starts-again": ("return exhausted(s)", "return exhausted(self.first)"),
    "state-lost-where-nothing-descends": ("nowhere(here.slope0, s)", "nowhere(here.slope0, self.first)"),
    "goes-along-its-own-gradient": ("* ray.ahead, theta", "* ray.origin.gradient, theta"),
    "moves-without-a-step": ("moves = (size > 0)", "moves = (size >= 0)"),
}
ACCELERATED = {
    "polyak-other-sign": ("* (theta - previous)", "* (previous - theta)"),
    "polyak-whole-move": ("column(self.momentum) * (theta", "1 * (theta"),
    "polyak-remembers-its-end": ("(step.state, theta), point", "(step.state, moved), point"),
    "polyak-starts-again": ("state=(step.state, theta), point", "state=(s, theta), point"),
    "nesterov-turned": ("(1 - tau) * y + tau * (", "tau * y + (1 - tau) * ("),
    "nesterov-first-step": ("(0.0, 1.0, 1.0)", "(0.0, 1.0, 0.0)"),
    "nesterov-other-root": ("1 + 4 * lambda_old**2", "1 + 2 * lambda_old**2"),
    "nesterov-not-lagging": (
        "lambda_old, lam = lam, (1 + (1 + 4 * lambda_old**2)",
        "lambda_old, lam = lam, (1 + (1 + 4 * lam**2)",
    ),
    "nesterov-other-ratio": ("(1 - lambda_old) / lam", "(1 - lam) / lambda_old"),
    "nesterov-remembers-theta": ("(step.state, y, (", "(step.state, theta, ("),
    "nesterov-starts-again": ("(step.state, y, (", "(s, y, ("),
}
PAL = {
    "found-at-its-cap": ("capped=s >= self.s_max", "capped=s > self.s_max"),
    "capped-before-its-cap": ("capped=s >= self.s_max", "capped=s + mu >= self.s_max"),
    "no-cap": ("found(min(s, self.s_max) / norm", "found(s / norm"),
    "curvature-without-slope": (" - b * mu) / (mu * mu)", ") / (mu * mu)"),
    "half-the-curvature": ("/ (2 * a) if", "/ a if"),
    "alpha-dropped": ("s = -self.alpha * b", "s = -b"),
    "flat-is-bent": ("if a > 0 else mu", "if a >= 0 else mu"),
    "without-a-minimum-the-largest": ("if a > 0 else mu", "if a > 0 else self.s_max"),
    "without-a-minimum-back": ("if a > 0 else mu", "if a != 0 else mu"),
    "measured-along-d": ("once(mu / norm)", "once(mu)"),
    "step-as-a-length": ("min(s, self.s_max) / norm", "min(s, self.s_max)"),
    "slope-along-d": ("b = here.slope0 / norm if", "b = here.slope0 if"),
    "released-slope-uphill": ("else -here.norm", "else here.norm"),
    "released-exact-slope": ("if self.exact_slope else -here.norm", "if True else -here.norm"),
    "infinite-is-bent": ("if not finite(a):", "if a != a:"),
    "nothing-is-refused": ("if not finite(a):\n            return diverged()\n", "pass\n"),
    "other-batch": ("return ALL if self.whole else 0", "return 0"),
}
LABPAL = {
    "searches-late": ("used >= rule.reuse or not", "used > rule.reuse or not"),
    "searches-always": ("searches = used >= rule.reuse or not finite(estimate)", "searches = True"),
    "updates-not-counted": ("state = Printed(estimate, used + 1)", "state = Printed(estimate, used)"),
    "search-not-counted": ("used, pool = 0, Pool", "used, pool = used, Pool"),
    "of-the-gradient-s-batches": ("Pool(rule.pooled(here.batches))", "Pool(here.batches)"),
    "pools-too-few": ("-(-self.approximation_batches // k)", "(self.approximation_batches // k)"),
    "measures-elsewhere": ("\nNEAR, FAR = 1e-4, 1e-2", "\nNEAR, FAR = 2e-4, 1e-2"),
    "measured-along-d": ("change(near / norm, far / norm, batch=pool)", "change(near, far, batch=pool)"),
    "alpha-dropped": ("s = -rule.alpha * b", "s = -b"),
    "length-as-rate": ("if lengths else min(s, rule.s_max) / norm", "if lengths else min(s, rule.s_max)"),
    "no-cap": ("new = min(s, rule.s_max) if", "new = s if"),
    "rate-no-cap": ("else min(s, rule.s_max) / norm", "else s / norm"),
    "never-capped": ("Status.CAPPED if s >= rule.s_max", "Status.CAPPED if s < rule.s_max"),
    "estimate-lost": ("estimate = new if good else estimate", "estimate = new if good else nan"),
    "failed-is-found": ("Status.EXHAUSTED if not good else", "Status.FOUND if not good else"),
    "step-as-a-length": ("End(estimate / norm if lengths", "End(estimate if lengths"),
    "uphill-between-searches": (
        "(searches and not descends(here.slope0)):\n        return nowhere(here.slope0, Printed",
        "not descends(here.slope0):\n        return nowhere(here.slope0, Printed",
    ),
    "still-update-not-counted": ("Printed(estimate, used + 1))", "Printed(estimate, used))"),
    "parabola-of-slopes": ("near / h1 - a * h1", "near / h1"),
    "parabola-bent-twice": ("a = (far / h2 - near / h1) / (h2 - h1)", "a = (far / h2 - near / h1) / h2"),
    "released-searches-late": ("due = used >= rule.reuse", "due = used > rule.reuse"),
    "released-trusts-a-step-early": (
        "state.updates == rule.untrustworthy + 2 or",
        "state.updates == rule.untrustworthy + 1 or",
    ),
    "released-blind-to-k": ("searches, status = due or k != state.k,", "searches, status = due,"),
    "released-k-not-kept": ("state._replace(k=k, used=used + 1)", "state._replace(used=used + 1)"),
    "released-bare-always": ("not searches and k == 1", "k == 1"),
    "released-never-bare": ("not searches and k == 1", "False"),
    "released-short": ("SHORT, LONG = 1e-3,", "SHORT, LONG = 1e-2,"),
    "released-long": ("1e-3, 100.0", "1e-3, 1000.0"),
    "released-bound-excluded": ("SHORT <= norm <= LONG", "SHORT < norm < LONG"),
    "released-search-not-counted": ("state._replace(used=1)", "state"),
    "released-updates-not-counted": ("updates=state.updates + 1", "updates=state.updates"),
    "released-measures-elsewhere": ("RELEASED_FAR = 1.77e-4, 1e-2", "RELEASED_FAR = 1e-4, 1e-2"),
    "released-smallest": ("SMALLEST = 1e-6", "SMALLEST = 1e-7"),
    "released-length-no-smallest": (
        "max(rule.alpha * min(s, state.s_max), SMALLEST)",
        "rule.alpha * min(s, state.s_max)",
    ),
    "released-rate-no-smallest": ("max(length / norm, SMALLEST)", "length / norm"),
    "released-cap-after-alpha": ("rule.alpha * min(s, state.s_max)", "min(rule.alpha * s, state.s_max)"),
    "released-cap-stays": ("s_max = rule.alpha * state.s_max if capped", "s_max = state.s_max if capped"),
    "released-cap-turned": ("capped = s > state.s_max", "capped = s < state.s_max"),
    "released-averages-early": ("state.updates >= rule.untrustworthy + 2:", "state.updates >= rule.untrustworthy + 1:"),
    "released-averages-all": ("[-rule.average :]", "[:]"),
    "released-averages-fewer": ("[-rule.average :]", "[-rule.average + 1 :]"),
    "released-recent-not-kept": ("recent=recent, s_max", "recent=state.recent, s_max"),
    "released-estimate-lost": (
        "return state, Status.EXHAUSTED",
        "return state._replace(estimate=(nan, nan)), Status.EXHAUSTED",
    ),
    "released-rate-for-length": ('searches or rule.keeps == "length"', 'searches or rule.keeps != "length"'),
    "released-step-of-a-search": ('if searches or rule.keeps == "length" else', 'if rule.keeps == "length" else'),
    "released-edges": ("(middle - left) / h1 / 2, left", "(middle - left) / h1, left"),
    "released-edge-weights": ("((h2 - h1) * left + h1 * right) / h2", "(h1 * left + (h2 - h1) * right) / h2"),
}
PLS = {
    "accepts-the-improbable": ("> threshold  # lines", "< threshold  # lines"),
    "same-batch": ("observe(j, u, xp", "observe(1, u, xp"),
    "batch-shifted": ("observe(j, u, xp", "observe(j + 1, u, xp"),
    "one-trial-more": ("range(1, self.evaluations + 1)", "range(1, self.evaluations + 2)"),
    "highest-mean": ("np.inf).argmin(", "-np.inf).argmax("),
    "grows-by-2": (
        "np.where(1.3 * size < average / 100, average, 1.3 * size)",
        "np.where(2 * size < average / 100, average, 2 * size)",
    ),
    "average-of-trials": (
        "average = np.where(np.isnan(state.average), size,",
        "average = np.where(np.isnan(state.average), state.first,",
    ),
    "average-forgets": ("0.95 * state.average + 0.05 * size", "0.5 * state.average + 0.5 * size"),
    "average-not-kept": ("np.where(walked, average, state.average)", "state.average"),
    "never-the-average": ("size < average / 100", "size < average / 1e9"),
    "starts-again": ("walked = downhill & (size > 0)", "walked = downhill & (size < 0)"),
    "walls-forgotten": ("np.maximum(shortest, TINY), state.first", "state.first, state.first"),
    "noise-with-replacement": ("(1 - float(ray.fraction)) * m", "m"),
    "noise-of-one": ("* m / max(m - 1, 1) / n", "* m / max(m - 1, 1)"),
    "noise-biased": ("* m / max(m - 1, 1) / n", "/ n"),
    "noise-swapped": ("(self.unit, self.steep), strict=True)", "(self.steep, self.unit), strict=True)"),
    "one-sample-is-exact": ("if n == 1 and ray.fraction < 1:", "if n == 0:"),
    "values-unscaled": ("wall((value - self.value0) / self.unit, WALL)", "wall(value - self.value0, WALL)"),
    "wall-passed": ("np.where(np.isfinite(x), np.clip(x, -height, height), height)", "np.clip(x, -height, height)"),
    "wall-below": (
        "np.where(np.isfinite(x), np.clip(x, -height, height), height)",
        "np.where(np.isfinite(x), np.clip(x, -height, height), -height)",
    ),
    "contradictions-allowed": (
        "return (values + c1 * u <= value_error) & (slopes + c2 >= -slope_error)",
        "return values == values",
    ),
    "first-trial-unscaled": ("size = size * state.first", "size = size * 1.0"),
}
BELIEF = {
    "offset": ("OFFSET = 10.0", "OFFSET = 1.0"),
    "twice-is-thrice": (
        "minima, furthest = belief.minimizers(), belief.s.max(axis=-1, keepdims=True)",
        "minima, furthest = belief.minimizers(), 1.5 * belief.s.max(axis=-1, keepdims=True)",
    ),
    "least-promising": ("utility.argmax(", "utility.argmin("),
    "improvement-alone": (
        "there.expected_improvement() * there.wolfe_probability(c1, c2)",
        "there.expected_improvement()",
    ),
    "probability-alone": (
        "there.expected_improvement() * there.wolfe_probability(c1, c2)",
        "there.wolfe_probability(c1, c2)",
    ),
    "uphill-tenth": ("nearest / 100", "nearest / 10"),
    "armijo-without-s": ("(0, (c1 - 1) * self.s, -1, 0)", "(0, c1 - self.s, -1, 0)"),
    "curvature-other-sign": ("(0, 1 - c2, 0, 1)", "(0, 1 + c2, 0, 1)"),
    "no-correlation": (
        "return bivariate(z[..., 0], z[..., 1], rho)",
        "return bivariate(z[..., 0], z[..., 1], 0 * rho)",
    ),
    "noise-swapped": ("[value_noise, slope_noise], axis=-1)  #", "[slope_noise, value_noise], axis=-1)  #"),
    "improvement-over-0": ("gain, sd = self.lowest - self.change()", "gain, sd = 0 * self.lowest - self.change()"),
    "maxima": ("(radicand > 0) & (0 < step)", "(radicand >= 0) & (0 < step)"),
    "blocks": ("blocks[..., a:, b:] = low  #", "blocks[..., a:, b:] = half  #"),
}
LABPAL_ITSELF = "toybox/methods/labpal.py", "tests/methods/test_labpal.py"  # what is tested twice is dropped twice
UPHILL_IS_GOOD = Mutant(
    *LABPAL_ITSELF,
    [
        ("if a > 0 and b < 0 else nan  #", "if a > 0 else nan  #"),
        ("a > 0 and b < 0 and finite(a) and finite(new)", "a > 0 and finite(a)"),
    ],
)
BENT_DOWN_IS_GOOD = Mutant(
    *LABPAL_ITSELF,
    [
        ("if a > 0 and b < 0 else nan  #", "if b < 0 else nan  #"),
        ("a > 0 and b < 0 and finite(a) and finite(new)", "b < 0 and finite(a)"),
    ],
)
SEARCHES = (
    method("armijo", ARMIJO)
    | method("goldstein", GOLDSTEIN)
    | method("wolfe", WOLFE, "")
    | method("exact", EXACT, "")
    | method("golsi", GOLSI)
    | method("extragradient", EXTRAGRADIENT)
    | method("accelerated", ACCELERATED)
    | method("pal", PAL)
    | method("labpal", LABPAL)
    | {"labpal-uphill-is-good": UPHILL_IS_GOOD, "labpal-bent-down-is-good": BENT_DOWN_IS_GOOD}
    | method("pls", PLS, "")
    | method("belief", BELIEF, " tests/methods/test_pls.py")
)
