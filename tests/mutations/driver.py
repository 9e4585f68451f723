"""Mistakes in what answers the questions of searches, in runs and on bare lines, and in what all of them ask."""

from mutant import family

TEXT = {
    "everybody-pays": ("s.reshape(-1, count), True", "s.reshape(-1, count), np.True_\n            mask[:] = True"),
    "answers-of-others": ("[numbers[lane] for lane in lanes]", "numbers[: len(lanes)]"),
    "rows-of-others": ("rows[lanes]", "rows[: len(lanes)]"),
    "double-precision": ("s = np.array(steps, self.dtype)", "s = np.array(steps, np.float64)"),
    "stationary-is-ascent": ("STATIONARY if slope0 == 0 else ASCENT", "ASCENT"),
    "nothing-is-finite": ("    if not finite(slope0):\n        return diverged(state, extra=extra)\n", ""),
    "never-capped": ("CAPPED if capped else FOUND", "FOUND"),
    "diverged-stays": ("return End(nan, NONFINITE", "return End(0, EXHAUSTED"),
    "only-division": (
        "except ArithmeticError:\n                    ends",
        "except ZeroDivisionError:\n                    ends",
    ),
    "own-batch-forgotten": ("self.own if batch is None else batch", "0 if batch is None else batch"),
    "batches-as-one": (
        "about, steps = question\n",
        "about, steps = (question[0][0], None, question[0][2]), question[1]\n",
    ),
    "norm-of-lane-0": ("self._seen.norms[self._lane]", "self._seen.norms[0]"),
    "value-of-lane-0": ("self._seen.values[self._lane]", "self._seen.values[0]"),
    "state-not-kept": ("Step(size, list(after), status", "Step(size, list(state), status"),
    "state-of-lane-0": ("Step(size, list(after), status", "Step(size, [after[0]] * len(after), status"),
    "ended-without-state": ("if NONFINITE in statuses:", "if False:"),
    "lines-kept": ("brief=batch > 1", "brief=False"),
    "first-fresh-line-forgotten": ("brief=batch > 1", "brief=batch > 0"),
    "seen-on-the-gradient-s-batch": ("seen = Seen(ray, self.batch)", "seen = Seen(ray, 0)"),
    "asked-on-the-gradient-s-batch": ("Answers(ray, self.batch)", "Answers(ray, 0)"),
    "extras-lost": ("self.leads(ray, size, list(extras))", "self.leads(ray, size, [None] * len(extras))"),
    "pool-of-one": ("return ray.pool(batch.n)", "return ray.line(0)"),
    "turn-elsewhere": ("self.ray.turn(s[..., 0], where)", "self.ray.turn(0 * s[..., 0], where)"),
    "once-is-twice": ("return on.once(s[..., 0], where)", "return on.once(2 * s[..., 0], where)"),
    "returns-anything": ("if type(end) is not End:", "if end is None:"),
    "yields-anything": ("if type(question) is not Question:", "if question is None:"),
}
HYPER = {
    "one-lane-s-numbers": ("v[lane if len(v) > 1 else 0]", "v[0]"),
    "float32-widened": ("return list(array.reshape(-1)) if array.dtype == np.float32 else", "return"),
}
BARE = {
    "floats-in-fractions": ("_exactly(rule), Fraction", "rule, Fraction"),
    "whole-numbers-divided": ("phi(number(0))", "phi(0)"),
    "state-ignored": ("rule.begin() if state is None else state", "rule.begin()"),
    "steps-divided": ("else answers[kind](number(s))", "else answers[kind](s)"),
    "length-divided": ("Origin(slope0, value, number(norm),", "Origin(slope0, value, norm,"),
    "values-absolute": ('"change": lambda s: phi(s) - value', '"change": lambda s: phi(s)'),
    "turn-along-d": ("abs(slope(s) - slope0) / norm", "abs(slope(s) - slope0)"),
    "fraction-ignored": ("number(norm), fraction, t, steps, 1, 1)", "number(norm), 1, t, steps, 1, 1)"),
    "slope-ignored": ("slope0 = dphi(0) if slope0 is None and dphi", "slope0 = dphi(0) if dphi"),
    "several-as-one": ("if count > 1 else", "if count > 2 else"),
}
RAYS = {
    "no-decrease-is-enough": ("(change <= wanted) & (change < 0)", "(change <= wanted)"),
    "infinite-decrease": ("(change < 0) & (change > -inf)", "(change < 0)"),
    "decrease-strict": ("(change <= wanted) &", "(change < wanted) &"),
    "flat-descends": ("return (slope0 < 0) & (slope0 > -inf)", "return (slope0 <= 0) & (slope0 > -inf)"),
    "infinitely-steep-descends": ("return (slope0 < 0) & (slope0 > -inf)", "return slope0 < 0"),
    "ahead-of-everybody": ("there if where is None else self.xp.where(where[..., None], there, kept)", "there"),
}
DRIVER = (
    family("toybox/text.py", "tests/test_text.py", TEXT)
    | family("toybox/hyper.py", "tests/test_text.py", HYPER)
    | family("toybox/bare.py", "tests/test_bare.py", BARE)
    | family("toybox/rays.py", "tests/methods/test_armijo.py tests/methods/test_extragradient.py", RAYS)
)
