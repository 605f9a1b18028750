"""WorkerPool: tasks, and the workers that come and go for them."""
