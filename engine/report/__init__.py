"""What a run found, told to people (HTML, model card) and to programs (JSON)."""
