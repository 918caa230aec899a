"""The 2024 API's own rules; what it shares with v1 is in the services beside."""
