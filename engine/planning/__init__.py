"""From a document to a plan: what is wrong with it, what it means exactly, and what running it will cost. Reads headers, never tensors."""
