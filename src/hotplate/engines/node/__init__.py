"""A node: a pool of workers on this machine, whatever the engine."""
