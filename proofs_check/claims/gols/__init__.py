"""GOLS-I: the gradient-only line search (dissertation, section 2.6.4 and Algorithm 4)."""
