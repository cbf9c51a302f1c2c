"""Properties that hold for every input, checked on generated ones."""
