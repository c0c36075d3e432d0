"""Marcotte, Gribonval, Peyré: conservation laws of gradient flows (2307.00144, 2506.06194, 2508.07370)."""
