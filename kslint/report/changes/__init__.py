"""Reports of what differs between two states of the cluster."""
