"""The laws of problems: what holds of every one in the package, tried on any.

Everything but the law of lanes is asked in one lane. Two ways to the same number are compared to half of its digits:
rounding takes a few, a wrong formula leaves none.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..given import refuse_misfit
from ..hyper import is_whole, shown
from ..lines import GenericLine
from ..sampling import SAMPLERS, generator
from ..xp import dtype_name
from .differences import gap
from .report import Cases, DoesNotApply, defined, files, line, number, unless

BATCH, SEEDS, BLOCKS, MOST = 5, (0, 1, 2), 64, 2000
NEEDED = ("at", "dim", "size", "xp", "dtype", "population")


class Scene(NamedTuple):
    """Where a problem is looked at, and what that is called."""

    what: str
    theta: np.ndarray  # (1, dim)
    sample: Any


class Problem:
    """What the laws see: a problem, where it is written, and points of it."""

    def __init__(self, problem: Any, sources: Any = ()):
        self.it = problem
        parts = [getattr(problem, name, None) for name in ("f", "samples", "start")]
        self.files = files(*filter(callable, parts)) | {str(path) for path in sources} or files(problem)
        self.place = self.where("at")

    def owns(self, file: str) -> bool:
        return file in self.files

    def where(self, name: str, point: Any = None) -> str:
        """Where the function, or the member of the problem or of its points, is written that computes this."""
        inner = getattr(self.it, "f" if name in ("value", "gradient", "at") else name, None)
        for function in (inner, self.it):
            if inspect.isfunction(function):
                return line(function.__code__.co_filename, function.__code__.co_firstlineno)
        return defined(*((type(owner), name) for owner in (point, self.it) if owner is not None), (type(self.it), "at"))

    @property
    def eps(self) -> float:
        return float(np.finfo(dtype_name(self.it.dtype)).eps)

    def batch(self, seeds: Any, j: int = 0) -> Any:
        """Samples (*lanes, b) for seeds (*lanes,)."""
        size = min(BATCH, self.it.size)
        if hasattr(self.it, "draw"):
            return self.it.xp.asarray(self.it.draw(np.asarray(seeds, np.int64), 0, j, size, "fresh"), copy=True)
        rows = [generator(seed).permutation(self.it.size)[:size] for seed in np.ravel(seeds)]
        return self.it.xp.asarray(np.reshape(rows, (*np.shape(seeds), size)))

    def theta(self, seed: int, many: int = 1) -> np.ndarray:
        """Iterates in generic position, near where runs begin (many, dim)."""
        near = self.host(self.it.initial([seed])) if hasattr(self.it, "initial") else np.zeros((1, self.it.dim))
        return near.astype(np.float64) + 0.3 * generator(seed).standard_normal((many, self.it.dim))

    def array(self, values: Any) -> Any:
        return self.it.xp.asarray(np.array(values), dtype=self.it.dtype)

    def host(self, array: Any) -> np.ndarray:
        """A copy, as somebody may use the memory again."""
        return np.array(self.it.xp.to_host(array))

    def scenes(self) -> Iterator[Scene]:
        """Places to look at it, in one lane."""
        for seed, whole in ((0, False), (1, False), (1, True)):
            theta, sample = self.theta(seed), self.it.population if whole else self.batch([seed])
            at = f"theta = {number(theta[0])} (initial([{seed}]) + 0.3 toybox.sampling.generator({seed})'s normal)"
            indices = shown(self.host(sample).tolist() if getattr(sample, "ndim", 0) else sample)
            yield Scene(f"{at} on {'all samples' if whole else f'samples {indices}'}", theta, sample)

    def at(self, theta: Any, sample: Any) -> Any:
        return self.it.at(self.array(theta), sample)


def parts(p: Problem) -> Cases:
    """It has at, dim, size, xp, dtype and population, and gives first iterates and samples that repeat themselves."""
    for name in NEEDED:
        missing = f"{type(p.it).__name__} has no {name!r}; accepted: what has {', '.join(NEEDED)} ({p.place})"
        yield unless(hasattr(p.it, name), missing)
    for name in ("dim", "size"):
        value = getattr(p.it, name)
        yield unless(is_whole(value, 1), f"{name}={shown(value)}; accepted: a whole number of at least 1 ({p.place})")
    if hasattr(p.it, "initial"):
        first, again = (p.it.initial(list(SEEDS)) for _ in range(2))
        place = p.where("initial")
        yield _unfit(p, "initial(seeds)", first, (len(SEEDS), p.it.dim), place)
        gives = f"initial({list(SEEDS)}) gives {number(p.host(first))}, and then {number(p.host(again))} ({place})"
        yield unless(np.array_equal(p.host(first), p.host(again)), gives)
    if hasattr(p.it, "draw"):
        size = min(BATCH, p.it.size)
        for how in SAMPLERS:
            drawn, again = (np.asarray(p.it.draw(np.array(SEEDS), 3, 1, size, how)) for _ in range(2))
            fits = drawn.shape[:1] == (len(SEEDS),) and np.array_equal(drawn, again)
            fits = fits and (drawn.dtype.kind not in "iu" or (drawn.min() >= 0 and drawn.max() < p.it.size))
            gives = f"draw(seeds, 3, 1, {size}, {how!r}) gives {number(drawn)}, and then {number(again)}"
            wanted = f"(*lanes, {size}) whole numbers below {p.it.size}, the same ones again"
            yield unless(fits, f"{gives}; accepted: {wanted} ({p.where('draw')})")


def _unfit(p: Problem, name: str, array: Any, shape: tuple[int, ...], place: str) -> str:
    """What is wrong with an array of the problem's dtype, or nothing."""
    try:
        refuse_misfit(name, array, shape, p.it.dtype, p.it.xp)
    except ValueError as misfit:
        return f"{misfit} ({place})"
    return ""


def shapes(p: Problem) -> Cases:
    """For theta (*lanes, dim) a value is (*lanes,) and a gradient (*lanes, dim), in the problem's dtype."""
    theta, seeds = np.stack([p.theta(seed, 2) for seed in SEEDS]), np.array(SEEDS)
    for lanes, sample in (((3,), p.batch(seeds)), ((3, 2), p.batch(seeds[:, None]))):
        for of in (sample, p.it.population):
            point = p.at(theta if len(lanes) == 2 else theta[:, 0], of)
            for name, shape in (("value", lanes), ("gradient", (*lanes, p.it.dim))):
                given = f"the {name} for theta of shape {(*lanes, p.it.dim)}"
                yield _unfit(p, given, getattr(point, name), shape, p.where(name, point))


def lanes(p: Problem) -> Cases:
    """In any company a lane is what it is alone, bit for bit: values, gradients and lines."""
    seeds, theta = np.array(SEEDS)[:, None], np.stack([p.theta(seed, 2) for seed in SEEDS])
    d, s = np.stack([p.theta(seed + 9, 2) for seed in SEEDS]), np.array([0.1, 1.0])
    for what in ("a batch", "all samples"):
        samples = lambda some, what=what: p.it.population if what == "all samples" else p.batch(some)
        together = _asked(p, theta, samples(seeds), d, np.broadcast_to(s, (3, 2, 2)))
        for i, k in ((0, 1), (2, 0)):
            one = (slice(i, i + 1), slice(k, k + 1))
            for name, (answer, place) in _asked(p, theta[one], samples(seeds[one[:1]]), d[one], s[None, None]).items():
                found, want = together[name][0][i, k], answer[0, 0]
                has = f"among 3 x 2 lanes lane {i, k} has the {name} {number(found)} on {what}, alone {number(want)}"
                yield unless(np.array_equal(found, want, equal_nan=True), f"{has} ({place})")


def _asked(p: Problem, theta: Any, sample: Any, d: Any, s: Any) -> dict[str, tuple[np.ndarray, str]]:
    """What a point and its line answer, by name, and where that is written."""
    point = p.at(theta, sample)
    line = point.along(p.array(d))
    answers = {name: (p.host(getattr(point, name)), p.where(name, point)) for name in ("value", "gradient")}
    steps = {name: (p.host(getattr(line, name)(p.array(s))), p.where("along", point)) for name in ("change", "slope")}
    return answers | steps


def repeats(p: Problem) -> Cases:
    """Evaluated twice it says the same, and what it has said is not changed afterwards."""
    scenes = list(p.scenes())
    for what, theta, sample in scenes:
        given = p.array(theta)
        points = [p.it.at(given, sample) for _ in range(2)]
        for name in ("value", "gradient"):
            said = [getattr(point, name) for point in points]
            first, again = map(p.host, said)
            has, place = f"the {name} at {what} is {number(first)}", p.where(name, points[0])
            yield unless(_same(first, again), f"{has}, and the second time {number(again)} ({place})")
            for scene in scenes:
                getattr(p.at(scene.theta + 1, scene.sample), name)
            later = p.host(said[1])
            keeps = "accepted: a new array for each answer"
            changed = f"{has}, and the array is {number(later)} after evaluations elsewhere; {keeps} ({place})"
            yield unless(_same(again, later), changed)
        now = p.host(given)
        yield unless(
            _same(now, p.host(p.array(theta))), f"theta {number(theta)} is {number(now)} afterwards ({p.place})"
        )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def gradient(p: Problem) -> Cases:
    """The gradient is that of the value: what central differences of size h miss it by falls like h^2 to rounding."""
    for what, theta, sample in p.scenes():
        few = 4 if sample is p.it.population else BLOCKS  # on all samples a block costs more
        point = p.at(theta, sample)
        claimed, place = p.host(point.gradient)[0].astype(np.float64), p.where("gradient", point)

        def missed(block, claimed=claimed, theta=theta, sample=sample):
            d = np.zeros(p.it.dim)
            d[block] = 1 if len(block) == 1 else generator(len(block)).choice([-1.0, 1.0], len(block))
            value = lambda h: p.host(p.at(theta + h * d, sample).value).astype(np.float64)
            return gap(value, np.array([claimed @ d]), theta, d, p.eps)

        for block in np.array_split(np.arange(p.it.dim), min(p.it.dim, few)):
            found = missed(block)
            while found and len(block) > 1:  # on to a half of it that misses, too
                halves = [half for half in np.array_split(block, 2) if missed(half)]
                if not halves:
                    break
                block = halves[0]
                found = missed(block)
            which = f"coordinate {block[0]}" if len(block) == 1 else f"a sum over coordinates {block[0]} to {block[-1]}"
            yield found and f"{which} of the gradient at {what} {found} ({place})"


def hvp(p: Problem) -> Cases:
    """Products with the Hessian are derivatives of the gradient."""
    for what, theta, sample in p.scenes():
        point = p.at(theta, sample)
        if not hasattr(point, "hvp"):
            raise DoesNotApply("its points have no hvp")
        for seed in (3, 4):
            v = generator(seed).standard_normal(p.it.dim)
            try:
                product = point.hvp(p.array(v[None]))
            except NotImplementedError as none:
                raise DoesNotApply(str(none)) from None
            place = p.where("hvp", point)
            unfit = _unfit(p, "hvp(v)", product, (1, p.it.dim), place)
            if not unfit:
                along = lambda h, v=v, theta=theta, sample=sample: p.host(p.at(theta + h * v, sample).gradient)[0]
                missed = gap(along, p.host(product)[0].astype(np.float64), theta, v, p.eps)
                unfit = missed and f"hvp(v) at {what}, v the normal of generator({seed}), {missed} ({place})"
            yield unfit


def mean(p: Problem) -> Cases:
    """The loss of a batch is the mean of the losses of its samples, and so is that of all samples."""
    batch = p.host(p.batch([0]))
    if batch.dtype.kind not in "iu":
        raise DoesNotApply("its samples are no index arrays")
    theta, all_samples = p.theta(0), np.arange(p.it.size)[None]
    for index, sample in ((batch, p.batch([0])), (all_samples, p.it.population)):
        if index.size > MOST:
            continue
        point = p.at(theta, sample)
        ones = [p.at(theta, p.it.xp.asarray(index[:, i : i + 1])) for i in range(index.size)]
        for name in ("value", "gradient"):
            each = np.concatenate([p.host(getattr(one, name)) for one in ones]).astype(np.float64)
            whole, average = p.host(getattr(point, name))[0], each.mean(axis=0)
            near = np.abs(average - whole).max() <= p.eps**0.5 * np.abs(each).mean(axis=0).max()
            has = f"on {'all' if index is all_samples else 'a batch of'} {index.size} samples the {name} is"
            yield unless(near, f"{has} {number(whole)}, the mean over them {number(average)} ({p.where(name, point)})")


def lines(p: Problem) -> Cases:
    """Along a line of its own it says what evaluations say."""
    for what, theta, sample in p.scenes():
        point, d = p.at(theta, sample), generator(5).standard_normal((1, p.it.dim))
        line, place = point.along(p.array(d)), p.where("closed" if hasattr(point, "closed") else "along", point)
        if isinstance(line, GenericLine):
            raise DoesNotApply("its lines evaluate it")
        at = lambda s, theta=theta, d=d, sample=sample: p.at(theta + p.host(s)[..., None] * d, sample)
        evaluated = GenericLine(p.it.xp, point, p.array(d), at)
        s = p.array([[0.0, -0.5, 1e-3, 1.0]])
        loss = abs(float(p.host(point.value)[0]))
        for name, scale in {"change": loss, "slope": 0.0, "curvature": 0.0}.items():
            if name == "curvature" and not hasattr(point, "hvp"):
                continue
            found, want = (p.host(getattr(x, name)(s))[0].astype(np.float64) for x in (line, evaluated))
            wrong = int(np.abs(found - want).argmax())
            has = f"{name}({float(s[0, wrong]):g}) is {number(found[wrong])}, by evaluations {number(want[wrong])}"
            near = np.abs(found - want).max() <= p.eps**0.5 * (np.abs(want).max() + scale)
            yield unless(near, f"on the line from {what} along the normal d of generator(5) {has} ({place})")


LAWS = (parts, shapes, repeats, lanes, gradient, hvp, mean, lines)
