"""Jacobs, Burkholz: Mask in the Mirror (arXiv 2408.09966; numbers of preprint version 1)."""
