"""Amid, Warmuth: Reparameterizing Mirror Descent as Gradient Descent (2002.10487)."""
