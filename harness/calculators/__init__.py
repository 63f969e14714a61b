"""Calculators: each formula of `harness.theory` with units, a range for each argument, a curve.

`calculators.tsv` has a row for each argument of that name (`*`), and one where a function differs:
`start` is the value to begin with, `low` and `high` the ends of its slider, `scale` is `log` where
equal steps are equal factors, `vary` marks the argument that a curve goes over, and `says` is what
the argument means. `result` stands for what a function gives. A unit that is empty follows from the
name's ending. What runs in a browser's tab here is `answers` and what that imports.
"""
