"""What a journal can prove about the client that was asking: one family of habits, one file."""
