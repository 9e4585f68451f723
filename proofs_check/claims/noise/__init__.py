"""Mini-batch noise, batch size and learning rate (dissertation, section 2.10)."""
