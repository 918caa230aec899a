"""v2's words for the states of a deployment: each with its message."""

PROVISIONING = ("PROVISIONING", "Scheduling replicas")
STARTING = ("SCALING", "Starting replicas")
READY = ("READY", "All replicas ready")
NO_GPUS = ("DEGRADED", "Cannot place replicas: insufficient GPU capacity")
STOPPING = ("STOPPING", "Draining replicas")
STOPPED = ("STOPPED", "Deployment is stopped")
TIMED_OUT = ("FAILED", "Timed out waiting for readiness")
