"""Gunasekar et al.: Implicit Regularization in Matrix Factorization (arXiv 1705.09280)."""
