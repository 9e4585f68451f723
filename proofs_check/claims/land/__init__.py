"""Tools to look at loss landscapes (dissertation, section 2.9)."""
