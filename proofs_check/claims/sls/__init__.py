"""SLS: the stochastic Armijo line search (dissertation, section 2.6.3 and Algorithm 3)."""
