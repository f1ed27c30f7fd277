"""What can go wrong on purpose: one kind of fault, one file."""
