"""Running a plan: one loop over passes, each a stream of pieces that are read, computed and written at once."""
