"""Choosing a strength: the grid and the rules, pure functions over measurements."""
