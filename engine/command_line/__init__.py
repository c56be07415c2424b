"""The command line's parts: what the words mean, what each command does, how it is shown."""
