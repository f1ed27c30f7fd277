"""The served products, one folder each; they never import one another."""
