"""The graph a `.loom` file holds: the model, its edits, its file."""
