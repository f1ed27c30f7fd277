"""Benchmarks: the sandbox beside a floor and its peers, all in one run. Never part of the test run."""
