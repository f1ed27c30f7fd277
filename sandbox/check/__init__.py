"""Holding a contract against the sandbox or a service: what `sandbox check` and the contract tests do."""
