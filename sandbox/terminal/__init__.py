"""The verbs of a terminal against a running sandbox. They know its control plane, nothing inside."""
