"""What all that works on many files has in common: which there are, and how results reach the caller."""
