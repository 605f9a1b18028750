"""How a message gets from who posts it to who takes it, in this process."""
