"""Ctrl AI: units of reasoning, and answers that say how far they can be trusted, `/api`. One module a resource."""
