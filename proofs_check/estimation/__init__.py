"""Worst cases of a step, certified: weights that a solver found, checked in fractions without it.

forms      what is known of functions at a few points, and the question
certify    the exact check of weights
programs   the questions: steps of our rules
rows       over which parameters they are asked
through    a smooth, strongly convex function through given points
replay     our rules on such functions
stored     weights and points as they are kept, ``certified(claim)``
weigh      finds them (extra ``pep``): ``python -m proofs_check.certificates --renew``
for_all    theorems for z3: ALI-G's rate and that of accepted steps, for all mu
"""
