"""A Walk with SGD (Xing et al. 2018)."""
