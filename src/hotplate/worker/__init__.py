"""A worker: the process that executes runs, one at a time, and tells its node what becomes of them."""
