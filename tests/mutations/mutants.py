"""Mistakes in the code, each with the tests that must notice it; ``mutate.py`` tries them.

Every text stands exactly once in its file. ``tests`` are node ids for pytest, or "claims" and the ids of claims.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    file: str  # relative to the project's root
    tests: str
    changes: list[tuple[str, str]]  # a text, and what stands there instead


BACKTRACKING, BRACKETING = "toybox/rules/backtracking.py", "toybox/rules/bracketing.py"
CLOSED, MEASURED = "toybox/rules/closed.py", "toybox/rules/measured.py"
LOSSES, CHEBYSHEV = "toybox/losses.py", "toybox/chebyshev.py"
BALANCE, SAMPLE = "toybox/analysis/balance.py", "toybox/analysis/sample.py"

MUTANTS = {
    # --- backtracking
    "goldstein-no-cap": Mutant(
        BACKTRACKING, "tests/laws",
        [("xp.minimum(self.grow * s, self.max_step)", "self.grow * s")],
    ),
    "goldstein-cap-is-a-failure": Mutant(
        BACKTRACKING, "tests/laws",
        [("~(short & (s >= self.max_step))", "~(short & (s > self.max_step))")],
    ),
    "goldstein-no-smallest": Mutant(
        BACKTRACKING, "tests/laws",
        [("xp.maximum(self.beta * s, self.SMALLEST)", "self.beta * s")],
    ),
    "goldstein-other-smallest": Mutant(
        BACKTRACKING, "tests/laws",
        [("SMALLEST = 1e-8", "SMALLEST = 1e-6")],
    ),
    "armijo-carries-first": Mutant(
        BACKTRACKING, "tests/laws",
        [("return Step(size, s, status)", "return Step(size, xp.where(seeking, self.first, s), status)")],
    ),
    "armijo-carries-its-step": Mutant(
        BACKTRACKING, "tests/laws",
        [("return Step(size, s, status)", "return Step(size, size, status)")],
    ),
    "first-trial-no-cap": Mutant(
        BACKTRACKING, "tests/laws",
        [("ray.xp.minimum(0 * s + rule.first if rule.reset == 2 else s, rule.max_step)",
          "0 * s + rule.first if rule.reset == 2 else s")],
    ),
    "first-trial-grown-past-cap": Mutant(
        BACKTRACKING, "tests/laws",
        [("ray.xp.minimum(0 * s + rule.first if rule.reset == 2 else s, rule.max_step)",
          "ray.xp.minimum(0 * s + rule.first, rule.max_step) if rule.reset == 2 else s")],
    ),
    # --- rules without a search
    "piecewise-late": Mutant(
        CLOSED, "tests/laws",
        [("1.0 if 2 * t < T", "1.0 if 2 * t <= T")],
    ),
    "piecewise-one-drop": Mutant(
        CLOSED, "tests/laws",
        [("else 0.01,", "else 0.1,")],
    ),
    "cosine-a-step-ahead": Mutant(
        CLOSED, "tests/laws",
        [("math.cos(math.pi * t / T)", "math.cos(math.pi * (t + 1) / T)")],
    ),
    "inverse-a-step-ahead": Mutant(
        CLOSED, "tests/laws",
        [("1 / (t + 1)", "1 / (t + 2)")],
    ),
    "inverse-root-other-power": Mutant(
        CLOSED, "tests/laws",
        [("1 / math.sqrt(t + 1)", "(t + 1) ** -0.6")],
    ),
    "pal-found-at-its-cap": Mutant(
        CLOSED, "tests/laws",
        [("descends, s >= self.s_max)", "descends, s > self.s_max)")],
    ),
    "hypergradient-no-guard": Mutant(
        CLOSED, "tests/laws",
        [("xp.where(xp.isfinite(h), rate + self.hyper_rate * h, rate)", "rate + self.hyper_rate * h")],
    ),
    "hypergradient-trusts-infinity": Mutant(
        CLOSED, "tests/laws",
        [("xp.where(xp.isfinite(h),", "xp.where(h == h,")],
    ),
    "ali-g-whole-velocity-ahead": Mutant(
        CLOSED, "tests/laws",
        [("theta - move + beta * (", "theta - move + (")],
    ),
    "ali-g-velocity-does-not-fade": Mutant(
        CLOSED, "tests/laws",
        [("else beta * velocity)", "else velocity)")],
    ),
    "nesterov-does-not-look-ahead": Mutant(
        "toybox/directions.py", "tests/laws",
        [("-(point.gradient + column(self.beta) * m) if self.nesterov else -m, m", "-m, m")],
    ),
    "sgd-hd-no-nesterov": Mutant(
        "toybox/methods.py", "tests/laws",
        [('nesterov=form == "nesterov"', "nesterov=False")],
    ),
    # --- rules on more than the gradient's batch
    "doubling-early": Mutant(
        MEASURED, "tests/laws",
        [("1 if t <= T // 2", "1 if t < T // 2")],
    ),
    "doubling-once": Mutant(
        MEASURED, "tests/laws",
        [("else 2 if t <= 3 * T // 4 else 4", "else 2")],
    ),
    "labpal-measures-elsewhere": Mutant(
        MEASURED, "tests/laws",
        [("\nNEAR, FAR = 1e-4, 1e-2", "\nNEAR, FAR = 2e-4, 1e-2")],
    ),
    # --- searches by slopes
    "wolfe-capped-uphill": Mutant(
        BRACKETING, "tests/laws",
        [("good & (slope < 0) & (high == inf)", "good & (high == inf)")],
    ),
    "wolfe-never-capped": Mutant(
        BRACKETING, "tests/laws",
        [("(s >= self.max_step)\n            seeking", "(s > self.max_step)\n            seeking")],
    ),
    "golsi-state": Mutant(
        BRACKETING, "tests/laws",
        [("xp.where(known, s, state)", "s")],
    ),
    "golsi-starts-again": Mutant(
        BRACKETING, "tests/laws",
        [("xp.where(known, s, state)", "xp.where(known, s, self.first)")],
    ),
    # --- losses
    "logistic-always-near": Mutant(
        LOSSES, "tests/test_losses.py",
        [("(h > -1) & (h < 16)", "h < 16")],
    ),
    "logistic-near-too-long": Mutant(
        LOSSES, "tests/test_losses.py",
        [("(h > -1)", "(h > -16)")],
    ),
    "softmax-always-near": Mutant(
        LOSSES, "tests/test_losses.py",
        [("near = gentle & (gain > -0.5)", "near = gentle")],
    ),
    "softmax-near-too-long": Mutant(
        LOSSES, "tests/test_losses.py",
        [("(gain > -0.5)", "(gain > -0.9999)")],
    ),
    # --- Chebyshev interpolants
    "chebyshev-tail-of-one": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [("FIRST, TAIL = 20, 3", "FIRST, TAIL = 20, 1")],
    ),
    "chebyshev-tail-of-two": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [("FIRST, TAIL = 20, 3", "FIRST, TAIL = 20, 2")],
    ),
    "roots-complex": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [("(np.abs(found.imag) < 1e-7 * width) & ", "")],
    ),
    "roots-nearly-real": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [("np.abs(found.imag) < 1e-7 * width", "np.abs(found.imag) < 1e-1 * width")],
    ),
    "roots-outside": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [(" & (found.real >= low) & (found.real <= high)", "")],
    ),
    "roots-twice": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [("near[np.diff(near, prepend=-np.inf) > 1e-13 * width]", "near")],
    ),
    "roots-untrimmed": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py",
        [("    p = p.trim(np.finfo(float).eps * np.abs(p.coef).max(initial=0.0))\n", "")],
    ),
    # --- analysis
    "aside-one-batch": Mutant(
        "toybox/rays.py", "tests/test_rays.py tests/test_sample.py",
        [("self._sampler, self._whole, self.batches,", "self._sampler, self._whole,")],
    ),
    "balance-ddof": Mutant(
        BALANCE, "tests/test_balance.py",
        [(".std(0, ddof=1)", ".std(0)")],
    ),
    "balance-degrees-of-freedom": Mutant(
        BALANCE, "tests/test_balance.py",
        [("stdtrit(n - 1,", "stdtrit(n,")],
    ),
    "batch-curvature-of-one-unit": Mutant(
        SAMPLE, "tests/test_sample.py",
        [("_curvature(mine, host) * unit**2", "_curvature(mine, host) * unit")],
    ),
    "batch-curvature-along-d": Mutant(
        SAMPLE, "tests/test_sample.py",
        [("_curvature(mine, host) * unit**2", "_curvature(mine, host)")],
    ),
    "curvature-of-one-unit": Mutant(
        SAMPLE, "tests/test_sample.py",
        [("curvature * unit**2", "curvature * unit")],
    ),
}  # fmt: skip
