"""Measuring models on the user's data: test sets, tasks and metrics, every figure with its n and interval."""
