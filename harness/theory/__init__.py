"""The closed forms that labs compute their predictions from, one module for each subject.

Conventions: times are seconds, rates are events a second, shares and probabilities go from 0 to 1,
`offered_erlangs` is rate x service time. Arguments are given by name. A function raises ValueError,
with one line that names the argument, outside of the domain that its docstring states; NaN and
infinities are refused. Nothing is imported but the standard library's arithmetic.
"""
