"""Loops over entries, compiled for the processor when they are first used: one reading where array after array would be many."""
