"""Same or not, and if not, what differs first."""
