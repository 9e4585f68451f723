"""How far from the limit: the package against plain loops, other libraries and what the machine can do.

The command line finds ``run.main`` here as the plugin "bench"; what ``toybox bench`` found stands in ``RESULTS.md``.
"""
