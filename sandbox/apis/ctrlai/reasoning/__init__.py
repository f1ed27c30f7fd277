"""The engine that answers a query from reasoning units: pure functions over plain rows."""
