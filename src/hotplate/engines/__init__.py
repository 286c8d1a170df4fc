"""How it happens: implementations of the engine's seam, and the node that serves whichever it is."""
