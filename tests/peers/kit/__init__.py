"""What the Python peers share: the programs they start, and reads that no client library takes part in."""
