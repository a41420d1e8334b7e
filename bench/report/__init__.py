"""What people and other programs get to see of a run, all of it computed from a `Run`."""
