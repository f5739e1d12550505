"""A lab's machine in the middle of an afternoon, for pictures: eight cards, colleagues, schedulers."""
