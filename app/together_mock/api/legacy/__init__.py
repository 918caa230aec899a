"""The 2024 face: endpoints with a list of deployments, start and stop as routes."""
