"""Settings for the whole suite: property tests draw the same examples in every run."""

from hypothesis import settings

settings.register_profile("reruns agree", derandomize=True, deadline=None)
settings.load_profile("reruns agree")
