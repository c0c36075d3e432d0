"""Jacobs, Zhou, Burkholz: Mirror, Mirror of the Flow (arXiv 2504.12883)."""
