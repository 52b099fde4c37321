"""The part of Cython's pure Python mode that vmsim uses, for mypy: C types are int and bool to Python."""

from builtins import bool as bint
from builtins import int as int
from builtins import int as ulonglong

compiled: bool
__all__ = ["bint", "compiled", "int", "ulonglong"]
