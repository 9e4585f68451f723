"""Theorems about the searches of toybox, proved of the very texts that run: a file per family, a function per theorem.

Each function returns a ``Proof``, takes the search that it speaks of as its ``text``, and says in ``broken`` which
wrong constants must give a counterexample. Where a search tries at most so many steps, it is proved for a few tries,
enough for every branch of its loop to be taken and taken again; every other number, such as its hyper-parameters, the
slope at 0, the state that it is given and what it is answered, is any number.
"""

from . import alig, armijo, goldstein, golsi, labpal, pal, wolfe

__all__ = ["alig", "armijo", "goldstein", "golsi", "labpal", "pal", "wolfe"]
