"""Ziyin, Wang: spred (ICML 2023)."""
