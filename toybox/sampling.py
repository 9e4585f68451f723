"""Which samples a step sees: index arrays addressed by (seed, t, j), never by a generator's state.

Step t of a run with seed s sees batch j = 0 (it defines the gradient) and, where a rule asks for them, the fresh
batches j = 1, 2, ... Every draw is a pure function of (s, t, j), computed for all lanes in one array program with the
counter-based generator Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): re-evaluation repeats itself, methods are
compared on the same batches, and a probe cannot disturb a run. Draws happen in NumPy on the host for every backend.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .hyper import refuse_unknown

SAMPLERS = ("epochs", "fresh", "replacement")
_EPOCHS, _DISTINCT, _REPLACEMENT = 1, 2, 3  # streams: the last counter word, so that no two kinds of draw coincide
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_MULTIPLY = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85


def philox(counter: tuple, key: tuple) -> tuple:
    """Philox4x32-10: four counter words and two key words (uint64 arrays below 2^32) to four random words."""
    k0, k1 = key
    shape = np.broadcast_shapes(*(np.shape(word) for word in (*counter, *key)))
    c0, c1, c2, c3 = (np.array(np.broadcast_to(word, shape)) for word in counter)
    high0, high1 = np.empty(shape, np.uint64), np.empty(shape, np.uint64)
    for turn in range(10):  # in place: memory that stays in the cache halves the time
        c0 *= _MULTIPLY[0]
        c2 *= _MULTIPLY[1]
        np.right_shift(c2, _32, out=high0)
        np.right_shift(c0, _32, out=high1)
        high0 ^= c1
        high1 ^= c3
        high0 ^= (k0 + np.uint64(turn * _WEYL[0])) & _LOW
        high1 ^= (k1 + np.uint64(turn * _WEYL[1])) & _LOW
        c2 &= _LOW
        c0 &= _LOW
        c0, c1, c2, c3, high0, high1 = high0, c2, high1, c0, c1, c3
    return c0, c1, c2, c3


def bits(seeds: np.ndarray, t, j: int, count: int, stream: int) -> np.ndarray:
    """``count`` words of 64 random bits for each lane: seeds (*lanes,), t broadcastable to it -> (*lanes, count)."""
    seeds = np.asarray(seeds, np.int64).astype(np.uint64)[..., None]
    t = np.asarray(t, np.uint64)[..., None]
    block = np.zeros(np.broadcast_shapes(seeds.shape, t.shape), np.uint64) + np.arange(
        (count + 1) // 2, dtype=np.uint64
    )
    words = philox((block, np.uint64(j), t & _LOW, (t >> _32) ^ np.uint64(stream << 16)), (seeds & _LOW, seeds >> _32))
    pairs = np.empty((*block.shape, 2), np.uint64)
    np.bitwise_or(words[0] << _32, words[1], out=pairs[..., 0])
    np.bitwise_or(words[2] << _32, words[3], out=pairs[..., 1])
    return pairs.reshape(*block.shape[:-1], -1)[..., :count]


def permutations(seeds, t, j: int, population: int, stream: int) -> np.ndarray:
    """A uniform permutation of 0 .. population-1 for each lane: (*lanes, population).

    Sorts random keys whose low bits are replaced by the index, so that the sorted keys carry the permutation.
    """
    low = np.uint64((1 << (population - 1).bit_length()) - 1)
    keys = bits(seeds, t, j, population, stream) & ~low | np.arange(population, dtype=np.uint64)
    keys.sort(axis=-1)
    return (keys & low).astype(np.int64)


def integers(seeds, t, j: int, count: int, population: int, stream: int = _REPLACEMENT) -> np.ndarray:
    """``count`` independent uniform indices below ``population`` for each lane: (*lanes, count)."""
    unit = (bits(seeds, t, j, count, stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (unit * population).astype(np.int64)


def distinct(seeds, t, j: int, size: int, population: int) -> np.ndarray:
    """``size`` distinct indices, every subset equally likely: (*lanes, size).

    The first ``size`` distinct values of an endless row of independent ones, or a permutation's head for large batches.
    """
    if 4 * size > population:
        return permutations(seeds, t, j, population, _DISTINCT)[..., :size]
    count = size + size // 4 + 16
    while True:
        row = integers(seeds, t, j, count, population, _DISTINCT)
        order = np.argsort(row, axis=-1, kind="stable")
        ordered = np.take_along_axis(row, order, axis=-1)
        new = np.ones(row.shape, bool)
        np.put_along_axis(new, order[..., 1:], ordered[..., 1:] != ordered[..., :-1], axis=-1)
        rank = new.cumsum(axis=-1)
        if (rank[..., -1] >= size).all():
            return row[new & (rank <= size)].reshape(*row.shape[:-1], size)
        count *= 2


@lru_cache(maxsize=4)
def _epochs(seeds: bytes, shape: tuple, first: int, many: int, size: int, population: int) -> np.ndarray:
    """The batches of the epochs first .. first + many - 1, in order: (many * steps per epoch, *lanes, size)."""
    lanes, steps = np.frombuffer(seeds, np.int64).reshape(shape), population // size
    epochs = np.arange(first, first + many).reshape(-1, *[1] * len(shape))
    shuffled = permutations(np.broadcast_to(lanes, (many, *shape)), epochs, 0, population, _EPOCHS)
    batches = np.moveaxis(shuffled[..., : steps * size].reshape(many, *shape, steps, size), -2, 1)
    return batches.reshape(many * steps, *shape, size)


def draw(how: str, seeds: np.ndarray, t: int, j: int, size: int, population: int) -> np.ndarray:
    """The j-th batch of step t: seeds (*lanes,) int64 -> indices (*lanes, size).

    epochs        j = 0 walks through shuffled epochs, an incomplete last batch is dropped; j >= 1 as ``fresh``
    fresh         distinct indices, independent over t and j
    replacement   independent indices
    """
    if how == "replacement":
        return integers(seeds, t, j, size, population)
    if how == "fresh" or j > 0:
        return distinct(seeds, t, j, size, population)
    many = 16384 // (population * (seeds.size or 1)) or 1  # several short epochs at once: fewer calls
    group, place = divmod(t, many * (population // size))
    return _epochs(seeds.tobytes(), seeds.shape, group * many, many, size, population)[place]


def generator(seed: int) -> np.random.Generator:
    """A generator for what is drawn once per seed, such as the first iterate."""
    key = np.array([int(seed) & (2**64 - 1), 0x746F79], np.uint64)  # a list with a number >= 2^63 would become floats
    return np.random.Generator(np.random.Philox(key=key))


def check_sampler(how: str) -> None:
    refuse_unknown("sampler", how, SAMPLERS)
