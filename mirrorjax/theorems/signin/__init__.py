"""Gadhikar, Jacobs, Zhou, Burkholz: Sign-In to the Lottery (arXiv 2504.12801)."""
