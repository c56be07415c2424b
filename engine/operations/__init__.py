"""One file per operation; the folder is the catalogue (see `engine.catalogue`) and the palette."""
