"""The figure recipes, one file per figure."""
