"""The window: everything of Weightloom that needs Qt."""
