"""The sans-IO heart: values, and `kernel.step`, which turns a world and a request into the next world and an answer."""
