"""PLS: the probabilistic line search (dissertation, section 2.6.5 and Algorithm 5).

Everything here is checked thrice: as theorems or in fractions, on the arrays of toybox.methods.belief and on plain
numbers (``belief``). Both fix m = 1 and tau = 10 and add a relative variance of 1e-14 to every observation, which is
less than the rounding that T-solve allows.
"""
