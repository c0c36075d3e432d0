"""Kernel and Rich Regimes (arXiv 2002.09277)."""
