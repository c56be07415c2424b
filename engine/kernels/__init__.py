"""Arithmetic over pieces of tensors that several operations need; torch is imported inside the functions."""
