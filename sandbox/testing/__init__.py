"""What users import in their tests. Needs the extra `testing`."""
