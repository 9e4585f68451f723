"""RMSprop (dissertation, section 2.8)."""
