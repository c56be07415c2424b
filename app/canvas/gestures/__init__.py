"""What a hand does on the canvas, one class for each gesture."""
