"""Coverage as people are told of it: on a terminal, at the end of a test run, as a page."""
