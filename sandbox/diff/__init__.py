"""The differential twin: the same calls to a sandbox and to another service, and where their answers part."""
