"""The job engine of one host: dispatch, leases, failover, loops, and the process a job runs in."""
