"""How vectors lie to one another: inner products, norms and counts from one streamed pass."""
