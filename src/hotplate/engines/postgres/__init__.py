"""The record of the cluster engine: PostgreSQL, and what goes over its LISTEN and NOTIFY."""
