"""Sample films with ground truth, made when they are needed; ``make`` is the way in."""
