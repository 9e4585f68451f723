"""Multilayer perceptrons: layers a W' + b with tanh or ReLU between them, any number of them, on vectors.

Symbols: X (b, features) is the first layer's input a; a layer's pre-activations are z = a W' + b, its output act(z) is
the next layer's a; the last z are the predictions. Gradients go backward once; Hessian products take Pearlman's R
operator; lines (``network_line``) go forward only.
"""

from __future__ import annotations

import numpy as np

from .. import sampling
from ..calls import remembered
from ..given import finite_array
from ..lines import along, examples
from ..losses import LOSSES
from ..xp import Array, Namespace, lazy, namespace
from ..xp import dtype as dtype_of
from .checks import as_made, at_least, option, seal
from .network_line import NetworkLine


class Tanh:
    """a = tanh(z). Derivatives are functions of a."""

    name = "tanh"

    def value(self, xp: Namespace, z: Array) -> Array:
        return xp.tanh(z)

    def slope(self, xp: Namespace, a: Array) -> Array:
        return 1 - a * a

    def bend(self, xp: Namespace, a: Array) -> Array:
        """The second derivative."""
        return -2 * a * (1 - a * a)

    def change(self, xp: Namespace, z: Array, h: Array, a: Array, moved: Array) -> Array:
        """act(z + h) - act(z), given a = act(z) and moved = act(z + h)."""
        return xp.tanh(h) * (1 - a * moved)


class Relu:
    """a = max(z, 0), whose derivatives at 0 are 0."""

    name = "relu"

    def value(self, xp: Namespace, z: Array) -> Array:
        return xp.maximum(z, xp.zeros_like(z))

    def slope(self, xp: Namespace, a: Array) -> Array:
        return xp.astype(a > 0, a.dtype)

    def bend(self, xp: Namespace, a: Array) -> Array:
        return xp.zeros_like(a)

    def change(self, xp: Namespace, z: Array, h: Array, a: Array, moved: Array) -> Array:
        return xp.where((z > 0) & (moved > 0), h, moved - a)


ACTIVATIONS = {activation.name: activation for activation in (Tanh(), Relu())}


class Network:
    """A multilayer perceptron under a loss of its predictions, the mean over the batch.

    X: (n, features). loss="softmax": y (n,) labels 0, 1, ..., one output for each of ``classes`` (None: as many as the
    labels of y and test name); "logistic" and "squared_hinge": y (n,) in {0, 1}, one output; "square": y (n,) or
    (n, outputs) numbers, and a sample's loss is the mean over the outputs of (z - y)^2. test = (X, y) adds ``accuracy``
    to losses of labels. hidden: widths of the hidden layers, () for a linear model; a number for a single layer.

    theta = [W1.ravel(), b1, W2.ravel(), b2, ...] with W (fan out, fan in) in C order. First iterate: weights
    uniform(-1, 1) / sqrt(fan in), biases 0. Raises ``ValueError`` for bad arguments.
    """

    __repr__ = as_made

    @remembered
    def __init__(
        self,
        X,
        y,
        hidden=(16,),
        activation="tanh",
        loss="softmax",
        test=None,
        *,
        classes=None,
        backend="numpy",
        dtype="float64",
        line="closed",
    ):
        self.loss = LOSSES[option("loss", loss, *LOSSES)]
        self.activation = ACTIVATIONS[option("activation", activation, *ACTIVATIONS)]
        self.X, self.y = finite_array("X", X), self._targets("y", y)
        if self.X.ndim != 2 or 0 in self.X.shape or len(self.X) != len(self.y):
            raise ValueError(
                f"X of shape {self.X.shape} and y of shape {self.y.shape} do not fit; accepted: X (n, features), y (n,)"
            )
        self.size, self.test = len(self.X), None
        if test is not None:
            if loss == "square":
                raise ValueError("test is not accepted with loss='square', which has no accuracy; accepted: None")
            held_out = self._targets("test y", test[1])
            self.test = finite_array("test X", test[0], (len(held_out), self.X.shape[1])), held_out
        self.outputs = self._outputs(classes)
        self.widths = (self.X.shape[1], *_widths(hidden), self.outputs)
        self.dim = sum((fan_in + 1) * fan_out for fan_in, fan_out in self._fans)
        self.xp, self.line = namespace(backend), option("line", line, "closed", "generic")
        self.dtype = dtype_of(self.xp, dtype)
        self._X, self._y = self._array(self.X), self._array(self._coded(self.y))
        self._test = None if self.test is None else (self._array(self.test[0]), self.xp.asarray(self.test[1]))
        self.sample_bytes = (4 if dtype == "float32" else 8) * sum(self.widths)
        self.population = slice(None)
        seal(self)

    def _targets(self, name, y) -> np.ndarray:
        y = finite_array(name, y)
        if self.loss.name == "square":
            if y.ndim not in (1, 2) or not y.size:
                raise ValueError(f"{name} has shape {y.shape}; accepted: (n,) or (n, outputs)")
            return y
        largest = np.inf if self.loss.name == "softmax" else 1
        wrong = np.unique(y[(y != np.round(y)) | (y < 0) | (y > largest)])
        if y.ndim != 1 or not y.size or wrong.size:
            shown = f"the label {wrong[0]:g}" if wrong.size else f"shape {y.shape}"
            accepted = "0, 1, 2, ..." if self.loss.name == "softmax" else "0 and 1"
            raise ValueError(f"{name} has {shown}; accepted: labels {accepted} of shape (n,)")
        return y.astype(np.int64)

    def _outputs(self, classes) -> int:
        if self.loss.name != "softmax":
            if classes is not None:
                raise ValueError(f"classes={classes!r} is not accepted; accepted: None for loss={self.loss.name!r}")
            return self.y.shape[1] if self.y.ndim == 2 else 1
        named = 1 + max(int(y.max()) for y in (self.y, *(self.test or ())[1:]))
        return at_least("classes", max(named, 2) if classes is None else classes, max(named, 2))

    def _coded(self, y) -> np.ndarray:
        """Targets as the loss takes them: (n, outputs)."""
        if self.loss.name == "softmax":
            return np.eye(self.outputs)[y]
        return self.loss.targets(y).reshape(len(y), -1)

    @property
    def _fans(self) -> list[tuple[int, int]]:
        return list(zip(self.widths[:-1], self.widths[1:], strict=True))

    def _array(self, x) -> Array:
        return self.xp.asarray(np.ascontiguousarray(x), dtype=self.dtype)

    def initial(self, seeds) -> Array:
        def start(rng):
            for fan_in, fan_out in self._fans:
                yield rng.uniform(-1, 1, fan_in * fan_out) / fan_in**0.5
                yield np.zeros(fan_out)

        return self._array(np.stack([np.concatenate([*start(sampling.generator(seed))]) for seed in seeds]))

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample) -> NetworkPoint:
        if isinstance(sample, slice):
            return NetworkPoint(self, theta, sample, self._X, self._y)
        return NetworkPoint(self, theta, sample, *(self.xp.take_rows(table, sample) for table in (self._X, self._y)))

    @lazy
    def blocks(self) -> dict[str, slice]:
        """Where W and b of every layer lie in theta."""
        cuts = np.cumsum([0, *(size for fan_in, fan_out in self._fans for size in (fan_in * fan_out, fan_out))])
        names = [f"{kind}{layer}" for layer in range(1, len(self.widths)) for kind in "Wb"]
        ends = zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
        return {name: slice(*part) for name, part in zip(names, ends, strict=True)}

    def layers(self, theta) -> list[tuple[Array, Array]]:
        """W (*lanes, fan out, fan in) and b (*lanes, 1, fan out) of every layer."""
        lanes, found = theta.shape[:-1], []
        for layer, (fan_in, fan_out) in enumerate(self._fans, 1):
            W = self.xp.reshape(theta[..., self.blocks[f"W{layer}"]], (*lanes, fan_out, fan_in))
            found.append((W, theta[..., None, self.blocks[f"b{layer}"]]))
        return found

    def forward(self, theta, X) -> tuple[list[Array], list[Array]]:
        """Inputs a (*lanes, b, fan in) and pre-activations z (*lanes, b, fan out) of every layer."""
        inputs: list[Array] = [X]
        z: list[Array] = []
        for W, b in self.layers(theta):
            if z:
                inputs.append(self.activation.value(self.xp, z[-1]))
            z.append(self.xp.matmul(inputs[-1], W.mT) + b)
        return inputs, z

    def accuracy(self, theta) -> Array:
        """Fraction of test rows classified correctly, theta (*lanes, dim) -> (*lanes,). Of equal outputs the first
        counts, an only output of 0 as class 0."""
        if self._test is None:
            raise ValueError("test=None: this problem has no test set; pass test=(X, y)")
        X, y = self._test
        z = self.forward(theta, X)[1][-1]
        right = self.xp.argmax(z, axis=-1) == y if self.outputs > 1 else (z[..., 0] > 0) == (y > 0)
        return self.xp.rowsum(self.xp.astype(right, self.dtype)) / y.shape[0]

    def each(self, losses) -> Array:
        """One number per sample from what the loss returns."""
        return losses if self.loss.axis == -2 else self.xp.rowsum(losses) / self.outputs

    def residual(self, z, y) -> Array:
        """The derivative of every sample's loss by its predictions."""
        r = self.loss.residual(self.xp, z, y)
        return r if self.loss.axis == -2 else r / self.outputs

    def bend(self, z, y, v) -> Array:
        """The second derivative, applied to v."""
        bent = self.loss.bend(self.xp, z, y, v)
        return bent if self.loss.axis == -2 else bent / self.outputs


class NetworkPoint:
    """theta on a batch X (*lanes, b, features), y (*lanes, b, outputs): keeps what every layer got and computed."""

    def __init__(self, problem: Network, theta: Array, sample, X: Array, y: Array):
        self.problem, self.theta, self.sample, self._X, self._y = problem, theta, sample, X, y

    @lazy
    def _layers(self):
        return self.problem.layers(self.theta)

    @lazy
    def _forward(self):
        return self.problem.forward(self.theta, self._X)

    @lazy
    def value(self):
        loss = self.problem.each(self.problem.loss.value(self.problem.xp, self._forward[1][-1], self._y))
        return self.problem.xp.rowsum(loss) / loss.shape[-1]

    @lazy
    def _backward(self):
        """The derivatives of the value by every layer's z, and by the output of every layer but the last."""
        p, (inputs, z) = self.problem, self._forward
        by_z, by_a = [p.residual(z[-1], self._y) / z[-1].shape[-2]], []
        for (W, _), a in zip(self._layers[:0:-1], inputs[:0:-1], strict=True):
            by_a.append(p.xp.matmul(by_z[-1], W))
            by_z.append(by_a[-1] * p.activation.slope(p.xp, a))
        return by_z[::-1], by_a[::-1]

    @lazy
    def gradient(self):
        return self._joined(self._products(self._backward[0], self._forward[0]), self._backward[0])

    def _products(self, by_z, inputs):
        return [self.problem.xp.matmul(g.mT, a) for g, a in zip(by_z, inputs, strict=True)]

    def _joined(self, by_W, by_z):
        """One vector (*lanes, dim) of the derivatives by W, and by z, whose sums over the batch are those by b."""
        xp = self.problem.xp
        pairs = zip(by_W, by_z, strict=True)
        return xp.concat([part for W, z in pairs for part in (xp.flat(W), xp.sum(z, axis=-2))], axis=-1)

    def turns(self, d):
        """D of every layer along d, and v = a D' + e: what its own turning does to its z."""
        xp, layers = self.problem.xp, self.problem.layers(d)
        return [(D, xp.matmul(a, D.mT) + e) for (D, e), a in zip(layers, self._forward[0], strict=True)]

    def hvp(self, v):
        """The Hessian times v (*lanes, dim), by Pearlman's R operator: R of a quantity is its derivative along v."""
        p, xp, (inputs, z), (by_z, by_a) = self.problem, self.problem.xp, self._forward, self._backward
        turns = self.turns(v)
        r_z, r_inputs = [turns[0][1]], []
        for (W, _), (_, own), a in zip(self._layers[1:], turns[1:], inputs[1:], strict=True):
            r_inputs.append(p.activation.slope(xp, a) * r_z[-1])
            r_z.append(xp.matmul(r_inputs[-1], W.mT) + own)
        r_by_z = [p.bend(z[-1], self._y, r_z[-1]) / z[-1].shape[-2]]
        for i in range(len(z) - 1, 0, -1):
            (W, _), (V, _), a = self._layers[i], turns[i], inputs[i]
            r_by_a = xp.matmul(r_by_z[0], W) + xp.matmul(by_z[i], V)
            bent = by_a[i - 1] * p.activation.bend(xp, a) * r_z[i - 1]
            r_by_z.insert(0, r_by_a * p.activation.slope(xp, a) + bent)
        first, *later = self._products(r_by_z, inputs)
        others = self._products(by_z[1:], r_inputs)  # R of the first layer's inputs is 0
        return self._joined([first, *(one + other for one, other in zip(later, others, strict=True))], r_by_z)

    def _at(self, d, s):
        return NetworkPoint(self.problem, self.theta + s[..., None] * d, self.sample, self._X, self._y)

    def closed(self, d):
        return NetworkLine(self, d)

    along, examples = along, examples


def _widths(hidden) -> tuple[int, ...]:
    """Widths of hidden layers from a whole number or a sequence of them."""
    return tuple(at_least("hidden", h, 1) for h in (hidden if isinstance(hidden, list | tuple) else [hidden]))
