"""The v2 face: projects, endpoints, deployments, models and their configs."""
