"""What can go wrong with a guest, each as one line for a person."""

from __future__ import annotations


class GuestError(Exception):
    """There is no guest to run in: it could not be fetched, made, booted or cloned. Says why, and what helps."""
