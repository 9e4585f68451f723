"""SGD-HD: hypergradient descent (dissertation, section 2.8)."""
