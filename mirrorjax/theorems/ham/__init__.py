"""Hyperbolic Aware Minimization (arXiv 2506.02630)."""
