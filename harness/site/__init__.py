"""The site: labs, lessons and the console as static files, with the simulator in the browser."""
