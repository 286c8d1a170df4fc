"""The queue of the cluster engine: Celery's broker wakes nodes, Celery's worker hosts one."""
