"""The canvas: the document as nodes and wires that can be seen and handled."""
