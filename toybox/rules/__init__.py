"""Step rules: pure functions of a ray. One file per family."""
