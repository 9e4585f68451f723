"""The claims: a folder per family of ids, a file per claim, such as pal/pal_rate.py for PAL-RATE. What several claims
of a family need is in its common.py; the title of a family is the docstring of its folder."""
