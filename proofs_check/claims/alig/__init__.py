"""ALI-G: adaptive learning rates for interpolation with gradients (dissertation, section 2.8)."""
