"""Stands in for Cython under MicroPython, which evaluates no annotations: all that is left is this flag."""

compiled = False
