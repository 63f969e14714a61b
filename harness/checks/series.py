"""Where measures of series were until these had a package of their own; see `measures` beside."""

from harness.measures.series import increase

__all__ = ["increase"]
