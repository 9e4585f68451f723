"""What the documents say, word for word: every phrase that a caption, a claim or a page quotes, each once.

The typographic marks of ``quote`` stand for a document's own words and come from this table only; whatever stands
without them is our reading. Straight marks are for names and code. A test holds every text against its document.
"""

from __future__ import annotations

from dataclasses import dataclass

from .hyper import refuse_unknown

DOCUMENTS = {  # letter -> entry of references.bib
    "D": "mutschler2022",
    "W": "xing2018",
    "M": "mutschler2021",
}


@dataclass(frozen=True)
class Quotation:
    """A phrase of a document; ``line``: of its text, where the phrase begins; ``place``: where a reader looks."""

    key: str
    document: str
    line: int
    place: str
    text: str


_ALL = (
    Quotation("number of bits", "D", 247, "section 2.2", "number of bits"),
    Quotation("in probability", "D", 297, "section 2.4", "Convergence in probability means that"),
    Quotation("x^4", "D", 377, "section 2.5", "parabolic approximations already diverge on x^4"),
    Quotation(
        "SLS proven", "D", 415, "section 2.6.3",
        "SLS is proven to converge on strongly convex and convex functions assuming interpolation, and Lipschitz "
        "continuous gradients",
    ),
    Quotation(
        "cubic spline", "D", 564, "section 2.6.5",
        "Between each of the N measurements at different λ 's μ is a cubic spline. A cubic spline is a continuous "
        "piece-wise cubic function, having continuous first and second derivatives.",
    ),
    Quotation("smoother path", "D", 646, "figure 2.6", "ADAM and SGD with momentum choose a smoother path."),
    Quotation("the mean", "D", 995, "section 4.2", "The mean of this posterior is a cubic spline."),
    Quotation("angle", "D", 1017, "section 4.3", "local extremum or saddle point"),
    Quotation("extremum", "D", 1054, "section 4.4.2", "the only case left is an extremum at the current position"),
    Quotation(
        "rare cases", "D", 1054, "section 4.4.2", "cases two and three appeared very rarely in our experiments"
    ),
    Quotation("s_max", "D", 1077, "section 4.4.3", "never reached this step size and still performed well"),
    Quotation(
        "low sensitivity", "D", 1197, "section 4.5.2",
        "a strong tendency to exhibit low sensitivity in combination with good performance",
    ),
    Quotation("exact is weak", "D", 1231, "section 4.6", "an optimal line search does not optimize well"),
    Quotation("exact is poor", "D", 1240, "figure 4.12", "an exact line search (blue) exhibits poor performance"),
    Quotation(
        "ranks", "D", 1258, "figure 4.14",
        "Rank 1 factorization is under-parameterized, whereas rank 4 and rank 10 factorizations are "
        "over-parameterized.",
    ),
    Quotation("steeper", "D", 1345, "section 5.3", "consistently steeper than the full-batch loss"),
    Quotation(
        "lower and steeper", "D", 1347, "section 5.3",
        "for SGD without momentum this loss is always lower and steeper than the other mini-batch losses",
    ),
    Quotation(
        "shapes", "D", 1365, "section 5.4",
        "only the shapes of the full-batch loss of the very first lines vary strongly, whereas, later shapes behave "
        "more alike",
    ),
    Quotation(
        "curvature", "D", 1367, "section 5.4",
        "the curvature is increasing rapidly during the very first steps and then decreases",
    ),
    Quotation("almost optimal", "D", 1408, "section 5.5", "yields almost optimal performance"),
    Quotation(
        "almost as well", "D", 1408, "section 5.5", "estimates the minima of the full-batch loss almost as well"
    ),
    Quotation(
        "almost proportional", "D", 1408, "section 5.5",
        "almost proportional to the directional derivative",
    ),
    Quotation(
        "exact performs poorly", "D", 1408, "section 5.5", "exact line searches on the mini-batch loss perform poorly"
    ),
    Quotation(
        "same factor", "D", 1438, "section 5.6",
        "if the batch size is increased by a factor, then the update step size decreases by the same factor",
    ),
    Quotation("lower factor", "D", 1438, "section 5.6", "divided by a lower factor at the beginning of the training"),
    Quotation("Goldberg", "D", 1485, "section 6.2", "Goldberg"),
    Quotation(
        "three points", "D", 1544, "section 6.3.2",
        "These values of s empirically lead to the best and numerically most stable approximations.",
    ),
    Quotation(
        "doubling", "D", 1569, "section 6.3.2",
        "doubling the batch size after two and after three-quarters of the training",
    ),
    Quotation("near-optimal", "D", 1659, "section 6.4.1", "performs near-optimal local improvement"),
    Quotation(
        "batch size of 8", "D", 1703, "section 6.4.3",
        "training with PAL, GOLSI or PLS and a batch size of 8 on CIFAR-10 does not work at all",
    ),
    Quotation(
        "SLS stays similar", "D", 1715, "section 6.4.3",
        "SLS’s performance stays similar but its learning rate schedule degenerates",
    ),
    Quotation("most sensitive", "D", 1977, "section A.2.2", "μ is the most sensitive hyperparameter"),
    Quotation("usually low", "D", 1977, "section A.2.2", "usually have a low sensitivity"),
    Quotation(
        "LABPAL identical", "D", 2263, "figure C.2",
        "the LABPAL approaches perform almost identical compared to batch size 128",
    ),
    Quotation(
        "others decrease", "D", 2263, "figure C.2", "The performance off all other line searches decreases"
    ),
    Quotation("SGD performs well", "D", 2270, "figure C.3", "SGD still performs well"),
    Quotation(
        "moved over", "W", 127, "section 3", "a situation where SGD has moved over a barrier"
    ),
    Quotation(
        "few barriers", "W", 148, "table 1", "SGD does not cross any significant number of barriers"
    ),
    Quotation(
        "alignment", "W", 232, "section 4.2",
        "the alignment between mini-batch gradient and hessian is larger for larger mini-batch size",
    ),
    Quotation("cosine", "W", 247, "section 4.2", "remains smaller for larger batch sizes"),
    Quotation(
        "a learning rate exists", "M", 9, "abstract",
        "a learning rate exists with which SGD always performs almost exact line searches on the full-batch loss",
    ),
)  # fmt: skip
QUOTATIONS = {quotation.key: quotation for quotation in _ALL}


def quote(key: str) -> str:
    """The document's own words, in the marks that are theirs. Raises ``ValueError`` for an unknown key."""
    refuse_unknown("quotation", key, QUOTATIONS)
    return f"“{QUOTATIONS[key].text}”"
