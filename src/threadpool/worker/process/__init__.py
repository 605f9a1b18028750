"""A worker that is a process: both ends of it, and what lies between them."""
