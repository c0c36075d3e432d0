"""Pesme, Flammarion: saddle-to-saddle dynamics in diagonal linear networks (arXiv 2304.00488)."""
