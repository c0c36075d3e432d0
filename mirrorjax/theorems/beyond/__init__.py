"""Statements of this project, which no paper of the catalogue is known to make; the derivation stands in each file."""
