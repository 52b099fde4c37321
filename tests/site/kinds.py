"""The types of pages that this repository's own site has: one page of each, without its language's folder."""

from __future__ import annotations

DIAGRAMS = "memory-virtualization/paging-structures/"
CODE = "kernel/default-kernel-in-grub/"
KINDS = (
    "",
    "memory-virtualization/",
    DIAGRAMS,
    "guides/reading/",
    "examples/",
    "examples/not-verified/",
    "tags/",
    "glossary/",
    "404.html",
)
FOLDERS = ("", "zh/")
