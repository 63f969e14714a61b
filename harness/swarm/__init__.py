"""The swarm: random systems under random storms, on which the simulator checks itself."""
