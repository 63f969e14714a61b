"""What only the lesson shows: requests and bytes of a screen."""

from labs.traffic.api_styles.measures import requests_of
from labs.traffic.api_styles.predictions import AGAIN, NEW, NEW_KB, WINDOW

FIGURES = (NEW_KB, *(requests_of(path, *WINDOW) for path in (NEW, AGAIN)))
