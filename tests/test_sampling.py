"""Draws: the published generator, pure functions of their address, uniform, and independent of each other."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chance import assert_uncorrelated, assert_uniform
from toybox import sampling
from toybox.sampling import bits, check_sampler, distinct, draw, generator, integers, philox

SEEDS = np.arange(4)
INT64 = st.integers(-(2**63), 2**63 - 1)
FAR = 2**33 + 7  # a step number that needs more than 32 bits


def lanes(*seeds):
    return np.array(seeds, np.int64)


# Known answers


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_words_that_random123_publishes(counter, key, words):
    def parse(text):
        return tuple(np.uint64(int(word, 16)) for word in text.split())

    assert philox(parse(counter), parse(key)) == parse(words)


def test_bits_lay_out_seed_step_and_sample_in_key_and_counter():
    seed, t, j, stream = 0x0123456789ABCDEF, 0x1234ABCD, 5, 2
    expected = []
    for block in range(2):
        words = philox(
            tuple(np.uint64(c) for c in (block, j, t, stream << 16)), (np.uint64(0x89ABCDEF), np.uint64(0x01234567))
        )
        expected += [int(words[0]) << 32 | int(words[1]), int(words[2]) << 32 | int(words[3])]
    assert bits(lanes(seed), t, j, 4, stream)[0].tolist() == expected
    assert bits(lanes(seed), t, j, 3, stream)[0].tolist() == expected[:3]  # an odd number drops the last word


def test_the_largest_random_word_stays_below_the_population(monkeypatch):
    monkeypatch.setattr(sampling, "bits", lambda *address: np.full((1, 1), 2**64 - 1, np.uint64))
    for population in (1, 2, 3, 6499, 2**31 - 1, 2**40 + 1):
        assert integers(lanes(0), 0, 0, 1, population)[0, 0] == population - 1


# A draw is a function of its address


@given(
    st.sampled_from(sampling.SAMPLERS),
    st.lists(INT64, min_size=1, max_size=4),
    INT64,
    st.integers(0, 2**40),
    st.integers(0, 5),
    st.sampled_from([(4, 1), (4, 4), (17, 3), (30, 29), (100, 10)]),
)
def test_a_lane_depends_on_its_own_seed_only(how, others, seed, t, j, sizes):
    population, size = sizes
    alone = draw(how, lanes(seed), t, j, size, population)
    together = draw(how, lanes(*others, seed), t, j, size, population)
    assert alone.shape == (1, size)
    assert (0 <= alone).all()
    assert (alone < population).all()
    np.testing.assert_array_equal(together[-1], alone[0])
    np.testing.assert_array_equal(draw(how, lanes(seed), t, j, size, population), alone)
    shaped = draw(how, lanes(*others, seed).reshape(-1, 1, 1), t, j, size, population)
    np.testing.assert_array_equal(shaped, together[:, None, None])


@pytest.mark.parametrize("how", sampling.SAMPLERS)
def test_seed_step_and_sample_all_matter(how):
    def row(seed=3, t=5, j=0):
        return tuple(draw(how, lanes(seed), t, j, 20, 10**4)[0])

    changed = [row(seed=-3), row(seed=3 + 2**32), row(seed=3 + 2**62), row(j=1), row(j=2)]
    changed += [row(t=6), row(t=5 + 500), row(t=5 + 2**32), row(t=5 + 2**40)]
    assert len({row(), *changed}) == 1 + len(changed)


def test_the_kinds_of_draw_do_not_share_random_words():
    words = [bits(lanes(1), 2, 0, 50, stream) for stream in (1, 2, 3)]
    assert np.unique(np.concatenate(words)).size == 150


@pytest.mark.parametrize(("a", "b"), list(combinations(sampling.SAMPLERS, 2)))
def test_two_samplers_are_independent(a, b):
    draws = [[draw(how, lanes(0), t, 0, 10, 1000) for t in range(300)] for how in (a, b)]
    assert_uncorrelated(*draws)


@pytest.mark.parametrize("how", sampling.SAMPLERS)
def test_draws_at_neighbouring_addresses_are_independent(how):
    far = [0, FAR]
    base = np.array([draw(how, SEEDS, t + r, 0, 10, 1000) for r in far for t in range(100)])
    next_t = np.array([draw(how, SEEDS, t + r + 100, 0, 10, 1000) for r in far for t in range(100)])
    next_j = np.array([draw(how, SEEDS, t + r, 1, 10, 1000) for r in far for t in range(100)])
    third_j = np.array([draw(how, SEEDS, t + r, 2, 10, 1000) for r in far for t in range(100)])
    assert_uncorrelated(base, next_t, "t, t + 100")
    assert_uncorrelated(base, next_j, "j = 0, 1")
    assert_uncorrelated(next_j, third_j, "j = 1, 2")
    assert_uncorrelated(base[:, :-1], base[:, 1:], "neighbouring seeds")


# Epochs


@given(st.integers(1, 40).flatmap(lambda D: st.tuples(st.just(D), st.integers(1, D))), INT64, st.integers(0, 10**6))
def test_an_epoch_is_a_permutation_without_its_incomplete_last_batch(sizes, seed, epoch):
    population, size = sizes
    per_epoch = population // size
    batches = [draw("epochs", lanes(seed), epoch * per_epoch + i, 0, size, population) for i in range(per_epoch)]
    walked = np.concatenate(batches, axis=-1)[0]
    whole = sampling.permutations(lanes(seed), epoch, 0, population, sampling._EPOCHS)[0]
    assert sorted(whole.tolist()) == list(range(population))
    np.testing.assert_array_equal(walked, whole[: per_epoch * size])


def test_walking_backwards_or_jumping_changes_nothing():
    """Short epochs are shuffled many at once and kept; what was drawn before must not show."""
    seeds, size, population = lanes(0, 5, -1), 3, 10
    times = list(range(40)) + [3 * FAR + i for i in range(6)]
    sampling._epochs.cache_clear()
    forward = {t: draw("epochs", seeds, t, 0, size, population).copy() for t in times}
    for t in np.random.default_rng(0).permutation(times):
        sampling._epochs.cache_clear()
        np.testing.assert_array_equal(draw("epochs", seeds, int(t), 0, size, population), forward[t])


def test_every_order_of_an_epoch_is_equally_likely():
    orders = [tuple(row) for row in sampling.permutations(np.arange(24 * 400), 0, 0, 4, sampling._EPOCHS)]
    assert_uniform([orders.count(order) for order in permutations(range(4))], "orders of four")


def test_the_epochs_of_a_seed_are_independent():
    first = [draw("epochs", lanes(1), t, 0, 50, 50) for t in range(0, 200, 2)]
    second = [draw("epochs", lanes(1), t, 0, 50, 50) for t in range(1, 200, 2)]
    assert_uncorrelated(first, second)


# Fresh batches


@pytest.mark.parametrize(("size", "population"), [(2, 8), (1, 9), (2, 5), (3, 6), (5, 5)])
def test_every_ordered_batch_is_equally_likely(size, population):
    """4 size <= population takes the first distinct values of a row, larger batches the head of a permutation."""
    cells = list(permutations(range(population), size))
    batches = distinct(np.arange(150 * len(cells)), 7, 1, size, population)
    found, counts = np.unique(batches, axis=0, return_counts=True)
    assert [tuple(row) for row in found.tolist()] == cells
    assert_uniform(counts, "ordered batches")
    subsets, counts = np.unique(np.sort(batches, axis=-1), axis=0, return_counts=True)
    assert [tuple(row) for row in subsets.tolist()] == list(combinations(range(population), size))
    if len(subsets) > 1:
        assert_uniform(counts, "subsets")


@given(st.integers(1, 300).flatmap(lambda D: st.tuples(st.just(D), st.integers(1, D))), INT64, st.integers(0, FAR))
def test_fresh_batches_have_distinct_indices(sizes, seed, t):
    population, size = sizes
    batch = draw("fresh", lanes(seed), t, 0, size, population)[0]
    assert np.unique(batch).size == size
    assert (0 <= batch).all()
    assert (batch < population).all()


def test_a_row_with_many_repeats_is_drawn_longer(monkeypatch):
    """The first distinct values of the same row, however much of it had to be looked at, in every lane."""
    real = integers

    def sticky(seeds, t, j, count, population, stream):
        row = real(seeds, t, j, count, population, stream)
        row[0, :100] = row[0, 0]  # the first lane repeats itself a hundred times
        return row

    expected = distinct(lanes(1, 2), 0, 1, 5, 40)
    monkeypatch.setattr(sampling, "integers", sticky)
    slow = distinct(lanes(1, 2), 0, 1, 5, 40)
    np.testing.assert_array_equal(slow[1], expected[1])
    row = real(lanes(1), 0, 1, 200, 40, sampling._DISTINCT)[0]
    row[:100] = row[0]
    assert slow[0].tolist() == list(dict.fromkeys(row.tolist()))[:5]


@pytest.mark.parametrize("j", [1, 2])
def test_searches_of_every_sampler_but_replacement_use_the_same_fresh_batches(j):
    np.testing.assert_array_equal(draw("epochs", SEEDS, 3, j, 5, 40), draw("fresh", SEEDS, 3, j, 5, 40))


# With replacement


@pytest.mark.parametrize("population", [2, 3, 7, 100])
def test_indices_with_replacement_are_uniform_and_independent(population):
    rows = draw("replacement", np.arange(500), 1, 0, 40, population)
    assert_uniform(np.bincount(rows.ravel(), minlength=population))
    assert_uncorrelated(rows[:, :-1], rows[:, 1:], "neighbours of a batch")


def test_replacement_repeats_itself_as_often_as_it_must():
    """Two of ten independent indices below 365 agree with probability 1 - 365!/(355! 365^10) = .11695."""
    rows = np.sort(draw("replacement", np.arange(20000), 0, 0, 10, 365), axis=-1)
    shared = (np.diff(rows, axis=-1) == 0).any(axis=-1)
    p = 1 - np.prod(1 - np.arange(10) / 365)
    assert abs(shared.mean() - p) < 5 * (p * (1 - p) / shared.size) ** 0.5


# What is drawn once per seed


def test_generators_differ_by_seed_and_take_any_integer():
    seeds = [0, 1, -1, -2, 2**32, 2**63, -(2**63) + 1, np.int64(7)]
    first = [generator(seed).random() for seed in seeds]
    assert len(set(first)) == len(seeds)
    assert [generator(seed).random() for seed in seeds] == first


def test_an_unknown_sampler_is_named_with_its_nearest_neighbour():
    check_sampler("fresh")
    with pytest.raises(ValueError, match=r"sampler 'epoch' is unknown; did you mean 'epochs'.*replacement"):
        check_sampler("epoch")
