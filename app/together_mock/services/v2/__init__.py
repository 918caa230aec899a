"""What v2 asks of the engine: endpoints with any number of deployments, and their traffic."""
