"""The panels around the canvas: each follows the session's signals and shows one thing."""
