"""How a method looks in every figure and demo: name, colour, marker and dash, all different (Okabe & Ito colours)."""

from __future__ import annotations

from typing import Any, NamedTuple


class Look(NamedTuple):
    name: str
    color: str
    marker: str
    dash: Any


LOOKS = {
    "sls": Look("SLS (Armijo)", "#0072B2", "o", "-"),
    "pal": Look("PAL", "#D55E00", "s", (0, (5, 1.5))),
    "adam": Look("Adam", "#009E73", "^", "-."),
    "pls": Look("PLS", "#CC79A7", "X", (0, (3, 1, 1, 1, 1, 1))),
    "cocob": Look("COCOB", "#222222", "D", ":"),
    "seg": Look("extragradient", "#56B4E9", "v", (0, (4, 1))),
    "sls-nesterov": Look("SLS, Nesterov", "#E69F00", "P", (0, (3, 1, 1, 1))),
    "sls-polyak": Look("SLS, Polyak", "#8C6D31", "h", (0, (6, 1, 1, 1))),
    "sls-goldstein": Look("SLS, Goldstein", "#7E2F8E", "<", (0, (2, 1))),
    "exact": Look("exact on the batch", "#B8860B", "*", (0, (3, 1, 1, 1))),
    "exact-full": Look("exact on all data", "#4682B4", "p", (0, (1, 1))),
    "fbpal": Look("PAL on all data", "#A0522D", "d", (0, (5, 1, 1, 1))),
    "golsi": Look("GOLS-I", "#2E8B57", ">", (0, (2, 2))),
    "labpal-sgd": Look("LABPAL&SGD", "#6A5ACD", "H", (0, (5, 2))),
    "labpal-nsgd": Look("LABPAL&NSGD", "#9370DB", "8", (0, (5, 2, 1, 2))),
    "pal-fr": Look("PAL, Fletcher-Reeves", "#F4A582", "1", "-"),
    "pal-pr": Look("PAL, Polak-Ribiere", "#EE8866", "2", "--"),
    "pal-hs": Look("PAL, Hestenes-Stiefel", "#DD6644", "3", "-."),
    "pal-dy": Look("PAL, Dai-Yuan", "#CC4422", "4", ":"),
    "strong-wolfe": Look("strong Wolfe", "#117733", "+", "-"),
    "backtracking": Look("backtracking", "#88CCEE", "x", "--"),
    "ali-g": Look("ALI-G", "#AA4499", "|", "-."),
    "sgd-hd": Look("SGD-HD", "#999933", "_", ":"),
    "rmsprop": Look("RMSProp", "#44AA99", "s", (0, (2, 2))),
    "sgd": Look("SGD", "#555555", "o", (0, (2, 2))),
    "momentum": Look("momentum", "#777777", "^", (0, (4, 2))),
    "nsgd": Look("normalised SGD", "#999999", "v", (0, (1, 2))),
}
FREE = (  # for methods that have none
    Look("", "#000000", "o", "-"),
    Look("", "#E41A1C", "s", "--"),
    Look("", "#1B9E77", "^", "-."),
    Look("", "#984EA3", "D", "-"),
    Look("", "#FF7F00", "v", "--"),
    Look("", "#A65628", "P", "-."),
    Look("", "#F781BF", "X", "-"),
    Look("", "#377EB8", "*", "--"),
)
