"""Adam: what it averages and how far it goes (dissertation, sections 2.7 and 2.8)."""
