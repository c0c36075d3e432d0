"""Intrinsic metrics: the effective parameter alone, where balance is conserved."""
