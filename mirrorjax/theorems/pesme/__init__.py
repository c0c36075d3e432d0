"""Implicit Bias of SGD for Diagonal Linear Networks (2021)."""
