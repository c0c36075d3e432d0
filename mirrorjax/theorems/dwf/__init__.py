"""Kolb et al.: Deep Weight Factorization (ICLR 2025)."""
