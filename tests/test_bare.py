"""A search on a bare line: two functions answer the text that runs answer with arrays."""

import warnings
from fractions import Fraction as F
from functools import partial

import numpy as np
import pytest
from scipy.optimize import line_search, rosen, rosen_der

import toybox as tb
from toybox.analysis import watch
from toybox.methods.wolfe import StrongWolfe
from toybox.problems import FromFunction
from toybox.text import ALL, Pool
from zoo_cases import VARIANTS, title

PHI, DPHI = (lambda s: (s - 3) ** 2), (lambda s: 2 * (s - 3))


def test_a_name_a_method_and_a_rule_are_the_same_search():
    """sls begins with twice its first step, an epoch later; on (s - 3)^2 that is good enough at once."""
    for method in ("sls", tb.method("sls"), tb.method("sls").rule, tb.method("sls-polyak", reset=1)):
        assert tb.search(method, PHI, DPHI) == (2, tb.Status.FOUND, [("change", 0, 2, -8)], 2)


def test_every_question_is_told_in_order():
    found = tb.search(StrongWolfe(c2=0.25), PHI, DPHI)
    assert found.questions == [
        ("both", 0, 1, (-5, -4)),
        ("both", 0, 2, (-8, -2)),
        ("both", 0, 4, (-8, 2)),
        ("both", 0, 3, (-9, 0)),
    ]
    assert found[:2] == (3, tb.Status.FOUND)


def test_on_fractions_all_is_exact():
    """.1 is 1/10: on s^2 / 2 - s sufficient decrease ends at 2 (1 - 1/10) = 9/5, which floats cannot hit."""
    phi, dphi = (lambda s: s * s / 2 - s), (lambda s: s - F(1))
    search = lambda first: tb.search(tb.method("sls", first=first, reset=0, c=0.1, beta=0.9), phi, dphi)
    found = search(2.0)
    assert (found.step, found.status) == (F(9, 5), tb.Status.FOUND)
    assert type(found.step) is type(found.state) is F
    assert all(type(question.answer) is F for question in found.questions)
    assert search(2.01).step == F("2.01") * F(9, 10) ** 2


@pytest.mark.parametrize("name", ["sls", "sls-goldstein", "seg", "strong-wolfe", "exact", "golsi", "pal"])
def test_on_fractions_nothing_is_rounded_on_the_way(name):
    """Neither the 0 and 1 that a search begins with, nor the length of d, become floats when they are divided."""
    phi, dphi = (lambda s: s * s / 3 - s), (lambda s: s * 2 / 3 - 1)
    found = tb.search(name, phi, dphi, slope0=F(-1), norm=3)
    assert found.questions
    assert all(type(x) is F for q in found.questions for x in (q.answer if q.kind == "both" else [q.answer]))
    assert type(found.step) in (F, int)
    assert tb.search("golsi", phi, dphi, slope0=F(-1), norm=3, state=F(9)).questions[0].s == F(1, 3)  # 1 / |d|


def test_what_a_search_sees():
    @tb.hyper.hyperparameters
    class Seeing(tb.Search):
        def search(self, here, state):
            return tb.found(
                (here.slope0, here.value, here.norm, here.fraction, here.t, here.steps, here.batches), state
            )

    found = tb.search(Seeing(), PHI, DPHI, norm=2, fraction=0.25, t=3, steps=9, state="kept")
    assert found.step == (-6, 9, 2, 0.25, 3, 9, 1)
    assert found.state == "kept"


def test_all_kinds_of_questions():
    @tb.hyper.hyperparameters
    class Asking(tb.Search):
        batch = 2

        def search(self, here, state):
            said = [
                (yield tb.change(1)), (yield tb.change(1, 2)), (yield tb.once(1, batch=3)),
                (yield tb.slope(1, batch=ALL)), (yield tb.both(1, batch=Pool(2))), (yield tb.turn(1)),
            ]  # fmt: skip
            return tb.found(1, said)

    found = tb.search(Asking(), PHI, DPHI, norm=2)
    assert found.state == [-5, [-5, -8], -5, -4, (-5, -4), 1]
    assert [question.batch for question in found.questions] == [2, 2, 3, ALL, (2,), 2]
    assert [question.kind for question in found.questions] == ["change", "change", "once", "slope", "both", "turn"]


def test_without_slopes():
    """Values are enough for Armijo and PAL, if the slope at 0 is told; a search by slopes says what it lacks."""
    assert tb.search("sls", PHI, slope0=-6).step == 2
    assert tb.search("pal", PHI, slope0=-6, norm=1).step == pytest.approx(3)
    with pytest.raises(ValueError, match=r"dphi=None and slope0=None leave the slope at 0 unknown; accepted: one of"):
        tb.search("sls", PHI)
    with pytest.raises(ValueError, match=r"StrongWolfe asks for phi'\(1.0\); accepted: dphi, a function of s"):
        tb.search("strong-wolfe", PHI, slope0=-6)


@pytest.mark.parametrize("method", ["sgd", "pls", "ali-g", tb.method("adam"), 3, None])
def test_a_method_without_a_text_is_refused(method):
    with pytest.raises(
        ValueError, match="has no search that is written as a text; accepted: a method that has, such as"
    ):
        tb.search(method, PHI, DPHI)


def test_several_lanes_are_refused():
    with pytest.raises(ValueError, match="has several lanes; accepted: one number per hyper-parameter"):
        tb.search(tb.method("sls", c=np.array([0.1, 0.2])), PHI, DPHI)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"'sl' is unknown.*accepted: "):
        tb.search("sl", PHI, DPHI)


# --- a peer


@pytest.mark.parametrize("c2", [0.1, 0.5, 0.9])
def test_scipy_accepts_the_same_first_trial(c2):
    """Where SciPy's strong Wolfe search ends with its first trial, 1 (without a value before it tries no other), ours
    does so too; and where ours does, SciPy does. Both happen."""
    outcomes = set()
    for x in np.random.default_rng(3).uniform(-2, 2, (60, 3)):
        for length in (1e-3, 1e-2, 0.3):
            g = rosen_der(x)
            d = -length * g / np.linalg.norm(g)
            phi, dphi = (lambda s, x=x, d=d: rosen(x + s * d)), (lambda s, x=x, d=d: rosen_der(x + s * d) @ d)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = line_search(rosen, rosen_der, x, d, c1=1e-4, c2=c2)[0]
            ours = tb.search(StrongWolfe(c2=c2), phi, dphi)
            first = len(ours.questions) == 1
            assert first == (theirs == 1.0)
            assert not first or ours.step == 1
            outcomes.add(first)
    assert outcomes == {True, False}


# --- one text, two answerers


def waves(theta, index):
    """A bowl with waves, of one variable: lines that fall and rise several times."""
    x = theta[..., 0]
    return x * x / 2 + 2 * np.cos(1.5 * x), theta - 3 * np.sin(1.5 * theta)


PLACE = FromFunction(waves, 1, 1)  # of one sample, so that all batches are one line
STARTS = (-3.0, 0.3, 2.0, 40.0)


def text_of(method):
    """The search of a method: its rule, or what an accelerated rule holds."""
    return method.rule if isinstance(method.rule, tb.Search) else getattr(method.rule, "search", None)


TEXTS = [variant for variant in VARIANTS if isinstance(text_of(tb.method(variant[0], **variant[1])), tb.Search)]


def flat(state):
    """All numbers of a state, one after the other."""
    return [x for part in state for x in flat(part)] if isinstance(state, tuple) else [] if state is None else [state]


def noted(question):
    """A question of a run's one lane: number of the batch, of how many the mean, steps and answers."""
    answers = [] if question.kind == "gradient" else np.ravel(question.answer).tolist()
    return question.j, question.pooled, np.ravel(question.s).tolist(), answers


def told(question):
    """The same of a bare line's. (A run notes the gradient, whose turn is asked for.)"""
    pool = isinstance(question.batch, Pool)
    answers = [] if question.kind == "turn" else np.ravel(question.answer).tolist()
    return 0 if pool else question.batch, question.batch.n if pool else 1, np.ravel(question.s).tolist(), answers


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("name", "options"), TEXTS, ids=title)
def test_a_bare_line_gets_the_search_of_a_run(name, options, start):
    """Step, status, state and every question and answer of steps 0 to 3: to the last bit, but for what is divided by
    small squares after a mean over batches, which rounds."""
    method = tb.method(name, **options)._replace(batches=None)
    rule, whole = text_of(method), isinstance(method.rule, tb.Search)
    for t in range(4):
        seen = watch(PLACE, method, t, batch=1, seeds=[0], theta=[start])
        before, after = ((state if whole else state[0])[0] for state in (seen.state, seen.step.state))
        line = PLACE.at(seen.ray.origin.theta, np.array([[0]])).along(seen.ray.d)
        ask = lambda kind, line=line: lambda s: float(getattr(line, kind)(np.array([[float(s)]]))[0, 0])
        found = tb.search(
            rule, ask("change"), ask("slope"), slope0=float(line.slope0[0]), norm=float(seen.ray.norm[0]), t=t,
            steps=t + 1, state=before,
        )  # fmt: skip
        pooled = any(isinstance(question.batch, Pool) for question in found.questions)
        same = partial(pytest.approx, rel=1e-9 if pooled else 0, abs=0, nan_ok=True)
        assert found.status == seen.step.status[0]
        assert found.step == same(seen.step.size[0])
        assert flat(found.state) == same(flat(after))
        assert len(found.questions) == len(seen.questions)
        for mine, theirs in zip(map(told, found.questions), map(noted, seen.questions), strict=True):
            assert mine[:3] == theirs[:3]
            assert mine[3] == pytest.approx(theirs[3], rel=1e-14 if pooled else 0, abs=0, nan_ok=True)


def test_these_searches_end_in_many_ways():
    """What the law above relies on."""
    statuses = set()
    for name, options in TEXTS:
        for start in STARTS:
            trace = tb.run(PLACE, tb.method(name, **options), steps=4, batch=1, theta=[start])
            statuses |= {tb.Status(status).name for status in trace.status.ravel()}
    assert {"FOUND", "CAPPED", "EXHAUSTED"} <= statuses
    assert len(TEXTS) >= 25
