"""The loss along a line of linear predictions z0 + s z1, on a CUDA device in one launch instead of twenty.

One block of threads answers for one lane, one step s and a span of examples. Its threads add up in float64, each its
own examples, and the block adds the threads in a fixed order. A result therefore depends neither on the other lanes and
steps of the launch nor on chance, and two runs are bit-equal. Up to SPAN examples that is all. For more a second launch
adds the spans. They are long enough to keep a block busy for about the time that a launch takes the host (10 us, by an
estimate from operation counts), so that shorter ones would gain little even for a single lane at a single step.

The formulas, and the ranges where they hold, are those of ``losses``; they are evaluated in the type of the arrays.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

THREADS, SPAN = 512, 1 << 13  # of a block at most; examples of a block at most

STRUCTS = {"square": "Square", "logistic": "Logistic", "squared_hinge": "SquaredHinge", "softmax": "Softmax"}
TYPES = {"f": "float", "d": "double"}
QUANTITIES = ("value", "change", "slope", "curvature")
OPTIONS = ("-std=c++17", f"-DTHREADS={THREADS}")

SOURCE = r"""
typedef long long Index;

// One example at step s: predictions z0_c + s z1_c for outputs c, and its target.
template <class T> struct Example {
    const T *z0_, *z1_, *y_;
    Index dz0, dz1, dy;  // from one output to the next
    int outputs;
    T s;
    __device__ T z0(int c = 0) const { return z0_[c * dz0]; }
    __device__ T z1(int c = 0) const { return z1_[c * dz1]; }
    __device__ T y(int c = 0) const { return y_[c * dy]; }
    __device__ T h(int c = 0) const { return s * z1(c); }
    __device__ T z(int c = 0) const { return z0(c) + h(c); }
};

template <class T> __device__ T sigmoid(T z) {
    T small = exp(-fabs(z));
    return (z >= 0 ? 1 : small) / (1 + small);
}

template <class T> __device__ T softplus(T z) { return (z > 0 ? z : 0) + log1p(exp(-fabs(z))); }

// Every loss: value, change from s = 0, and the derivatives by s, of one example.

template <class T> struct Square {
    typedef const Example<T> &E;
    static __device__ T value(E e) { return (e.z() - e.y()) * (e.z() - e.y()); }
    static __device__ T change(E e) { return e.h() * (2 * (e.z0() - e.y()) + e.h()); }
    static __device__ T slope(E e) { return 2 * (e.z() - e.y()) * e.z1(); }
    static __device__ T curvature(E e) { return 2 * e.z1() * e.z1(); }
};

template <class T> struct Logistic {
    typedef const Example<T> &E;
    static __device__ T value(E e) { return softplus(e.y() * e.z()); }
    static __device__ T change(E e) {
        T a = e.y() * e.z0(), h = e.y() * e.h();
        if (h > -1 && h < 16) return log1p(sigmoid(a) * expm1(h));
        return softplus(a + h) - softplus(a);
    }
    static __device__ T slope(E e) { return e.y() * sigmoid(e.y() * e.z()) * e.z1(); }
    static __device__ T curvature(E e) { return sigmoid(e.z()) * sigmoid(-e.z()) * e.z1() * e.z1(); }
};

template <class T> struct SquaredHinge {
    typedef const Example<T> &E;
    static __device__ T gap(T m) { return m >= 1 ? 0 : 1 - m; }
    static __device__ T value(E e) { return gap(e.y() * e.z()) * gap(e.y() * e.z()); }
    static __device__ T change(E e) {
        T m = e.y() * e.z0(), h = e.y() * e.h(), before = gap(m), after = gap(m + h);
        return (m < 1 && m + h < 1 ? -h : after - before) * (after + before);
    }
    static __device__ T slope(E e) { return -2 * e.y() * gap(e.y() * e.z()) * e.z1(); }
    static __device__ T curvature(E e) { return e.y() * e.z() < 1 ? 2 * e.z1() * e.z1() : 0; }
};

template <class T> struct Softmax {
    typedef const Example<T> &E;
    static __device__ int label(E e) {
        int t = 0;
        while (t + 1 < e.outputs && !(e.y(t) > 0)) t++;
        return t;
    }
    static __device__ int top(E e) {  // the largest prediction
        int best = 0;
        for (int c = 1; c < e.outputs; c++)
            if (e.z(c) > e.z(best)) best = c;
        return best;
    }
    static __device__ T value(E e) {  // log sum_c exp(z_c - z_t): the true class contributes exactly 1
        int t = label(e);
        T shift = 0, rest = 0;
        for (int c = 0; c < e.outputs; c++) shift = fmax(shift, e.z(c) - e.z(t));
        for (int c = 0; c < e.outputs; c++)
            if (c != t) rest += exp(e.z(c) - e.z(t) - shift);
        return shift + log1p(rest + expm1(-shift));
    }
    static __device__ T change(E e) {
        Example<T> start = e;
        start.s = 0;
        int t = label(e), best = top(start);
        T total = 0, gain = 0, growth = 0;  // growth: the largest h_c - h_t
        for (int c = 0; c < e.outputs; c++) {
            T weight = exp(e.z0(c) - e.z0(best)), h = e.h(c) - e.h(t);
            total += weight;
            if (c == t) continue;
            gain += weight * expm1(h);
            growth = fmax(growth, h);
        }
        gain /= total;
        if (growth < 30 && 2 * gain > -1) return log1p(gain);
        return value(e) - value(start);
    }
    static __device__ T slope(E e) {  // sum_c p_c (z1_c - z1_t)
        int t = label(e), best = top(e);
        T total = 0, sum = 0;
        for (int c = 0; c < e.outputs; c++) {
            T weight = exp(e.z(c) - e.z(best));
            total += weight;
            sum += weight * (e.z1(c) - e.z1(t));
        }
        return sum / total;
    }
    static __device__ T curvature(E e) {  // the variance of z1_c under p, around the value of the top class
        int best = top(e);
        T total = 0, mean = 0, sum = 0;
        for (int c = 0; c < e.outputs; c++) {
            T weight = exp(e.z(c) - e.z(best));
            total += weight;
            mean += weight * (e.z1(c) - e.z1(best));
        }
        mean /= total;
        for (int c = 0; c < e.outputs; c++) {
            T v = e.z1(c) - e.z1(best) - mean;
            sum += exp(e.z(c) - e.z(best)) * v * v;
        }
        return sum / total;
    }
};

// Sizes, and strides counted in elements: by lane, example and output; of s by lane and step.
struct Shape { Index steps, n, outputs, span, spans, z0[3], z1[3], y[3], s[2]; };

// A block answers for one row of the result (a lane and a step) and for one of the spans of examples.
__device__ Index row(const Shape &q) { return blockIdx.x / q.spans; }
__device__ Index first(const Shape &q) { return blockIdx.x % q.spans * q.span; }
__device__ Index last(const Shape &q) { return first(q) + q.span < q.n ? first(q) + q.span : q.n; }

template <class T>
__device__ Example<T> example(const T *z0, const T *z1, const T *y, const T *s, const Shape &q, Index i) {
    Index lane = row(q) / q.steps, step = row(q) % q.steps;
    return {z0 + lane * q.z0[0] + i * q.z0[1], z1 + lane * q.z1[0] + i * q.z1[1], y + lane * q.y[0] + i * q.y[1],
            q.z0[2], q.z1[2], q.y[2], (int)q.outputs, s[lane * q.s[0] + step * q.s[1]]};
}

// Sums of a quantity over the examples of a span, divided by n: out (rows,), or where spans > 1 parts (rows, spans).
template <class T, T (*quantity)(const Example<T> &)>
__global__ void means(const T *z0, const T *z1, const T *y, const T *s, Shape q, T *out, double *parts) {
    __shared__ double sums[THREADS];
    double sum = 0;
    for (Index i = first(q) + threadIdx.x; i < last(q); i += blockDim.x)
        sum += quantity(example(z0, z1, y, s, q, i));
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x < 32) {  // every 32nd, then the 32 that are left: in this order, always
        for (int k = threadIdx.x + 32; k < blockDim.x; k += 32) sum += sums[k];
        sums[threadIdx.x] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int k = 1; k < 32; k++) sum += sums[k];
        if (q.spans == 1) out[blockIdx.x] = sum / q.n;
        else parts[blockIdx.x] = sum / q.n;
    }
}

// Sums of the spans, a thread to each row: (rows, spans) to (rows,).
template <class T> __global__ void finish(const double *parts, Index rows, Index spans, T *out) {
    Index row = blockIdx.x * (Index)blockDim.x + threadIdx.x;
    if (row >= rows) return;
    double sum = 0;
    for (Index k = 0; k < spans; k++) sum += parts[row * spans + k];
    out[row] = sum;
}

// Two quantities of every example: values and slopes (rows, n).
template <class T, T (*value)(const Example<T> &), T (*slope)(const Example<T> &)>
__global__ void samples(const T *z0, const T *z1, const T *y, const T *s, Shape q, T *values, T *slopes) {
    for (Index i = first(q) + threadIdx.x; i < last(q); i += blockDim.x) {
        Example<T> e = example(z0, z1, y, s, q, i);
        values[row(q) * q.n + i] = value(e);
        slopes[row(q) * q.n + i] = slope(e);
    }
}
"""

_SHAPE = np.dtype(
    [(name, np.int64) for name in ("steps", "n", "outputs", "span", "spans")]
    + [(name, np.int64, 3) for name in ("z0", "z1", "y")]
    + [("s", np.int64, 2)]
)  # struct Shape


def instantiations() -> list[str]:
    """The kernels that may be asked for, as C++ expressions."""
    return [_expression(*kernel) for kernel in product(TYPES, STRUCTS, (*QUANTITIES, "samples", "finish"))]


def _expression(kind: str, loss: str, what: str) -> str:
    T, struct = TYPES[kind], f"{STRUCTS[loss]}<{TYPES[kind]}>"
    if what == "samples":
        return f"samples<{T}, {struct}::value, {struct}::slope>"
    return f"finish<{T}>" if what == "finish" else f"means<{T}, {struct}::{what}>"


def composite(cp: Any, loss: str, what: str, z0: Any, z1: Any, y: Any, s: Any) -> Any:
    """A quantity of the line z0 + s z1 of arrays of CuPy, the module cp, without waiting for the device.

    z0: (*lanes, n), for "softmax" (*lanes, n, outputs); z1 and y broadcast against it, y as the loss's ``targets``
    prepare it; s: (*lanes, steps). Gives means over the examples (*lanes, steps) for ``what`` one of QUANTITIES, and
    two arrays (*lanes, steps, n), values and slopes, for "samples". None where this module has no kernel: another loss,
    arrays of different or other types, nothing to compute.
    """
    kind, inner = z0.dtype.char, z0.shape[-2:] if loss == "softmax" else z0.shape[-1:]
    one_type = kind == z1.dtype.char == y.dtype.char == s.dtype.char
    shapes = {s.shape[:-1], *(a.shape[: -len(inner)] for a in (z0, z1, y))}
    lanes = np.broadcast_shapes(*shapes) if len(shapes) > 1 else s.shape[:-1]
    n, steps, rows = inner[0], s.shape[-1], prod(lanes) * s.shape[-1]
    if loss not in STRUCTS or kind not in TYPES or not one_type or rows * n == 0:
        return None
    arrays = [_flat(cp, a, lanes, inner) for a in (z0, z1, y)] + [_flat(cp, s, lanes, (steps,))]
    span, spans = min(n, SPAN), -(-n // SPAN)
    strides = [(*(stride // a.itemsize for stride in a.strides), 0)[:3] for a in arrays]
    shape = np.array((steps, n, prod(inner[1:]), span, spans, *strides[:3], strides[3][:2]), _SHAPE)
    grid, block, kernel = (rows * spans,), (min(THREADS, -(-span // 32) * 32),), _kernel(cp, kind, loss, what)
    if what == "samples":
        pair = cp.empty((*lanes, steps, n), dtype=z0.dtype), cp.empty((*lanes, steps, n), dtype=z0.dtype)
        kernel(grid, block, (*arrays, shape, *pair))
        return pair
    out = cp.empty((*lanes, steps), dtype=z0.dtype)
    parts = out if spans == 1 else cp.empty((rows, spans), dtype=np.float64)
    kernel(grid, block, (*arrays, shape, out, parts))
    if spans > 1:
        _kernel(cp, kind, loss, "finish")((-(-rows // 128),), (128,), (parts, rows, spans, out))
    return out


def _flat(cp: Any, a: Any, lanes: tuple[int, ...], inner: tuple[int, ...]) -> Any:
    """a broadcast to (*lanes, *inner) with the lanes as one axis, copied only where no strides describe that."""
    if a.shape != (*lanes, *inner):
        a = cp.broadcast_to(a, (*lanes, *inner))
    return a if len(lanes) == 1 else a.reshape(prod(lanes), *inner)


@cache
def _kernel(cp: Any, kind: str, loss: str, what: str) -> Any:
    expression = _expression(kind, loss, what)
    return cp.RawModule(code=SOURCE, options=OPTIONS, name_expressions=[expression]).get_function(expression)
