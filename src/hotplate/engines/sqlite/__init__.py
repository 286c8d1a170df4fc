"""The embedded engine: one machine, one data folder, no server."""
