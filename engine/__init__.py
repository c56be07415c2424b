"""Weightloom's engine: exact arithmetic on checkpoints, without a window and without Qt."""
