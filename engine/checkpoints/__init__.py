"""Checkpoints on disk: headers without bytes, sources by format, positioned reads, whole-or-absent writes."""
