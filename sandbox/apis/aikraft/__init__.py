"""Aikraft: EU AI Act compliance, `/v1`. One module a resource; `product` puts them together."""
