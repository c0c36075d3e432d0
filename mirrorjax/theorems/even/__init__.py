"""(S)GD over Diagonal Linear Networks (arXiv 2302.08982)."""
