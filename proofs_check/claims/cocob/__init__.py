"""COCOB: coin betting (dissertation, section 2.8).

The claims are about the bettor with the fraction tanh(theta / (G + L)) / L of its wealth (Orabona & Tommasi 2017,
Algorithm 1), which toybox does not have. Its ``Coin`` is their COCOB-Backprop (Algorithm 2): a fraction linear in
theta, and a reward that is cut at 0. Where a statement has a meaning for it, it is checked beside.
"""
