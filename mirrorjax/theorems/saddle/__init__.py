"""Pesme, Flammarion: saddle-to-saddle dynamics in diagonal linear networks (2023; arXiv 2607.12332)."""
