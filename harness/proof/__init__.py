"""Proof: a lab is broken on purpose, in every way that a lab can be, and each must be noticed."""
