"""Risk, surrogate losses and gradients (dissertation, sections 2.1 to 2.4)."""
