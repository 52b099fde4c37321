"""Dividing a collection among machines, and putting their results together again.

A shard runs its own part of the examples into a store of its own, and leaves a manifest there that says which they
were (``shards.manifest``). ``shards.merging`` holds the manifests of all shards against the collection: each part must
be there exactly once.

Glossary
    Part        what is given to one shard as a whole: a unit, a diagram, or an example that says ``run=no``
    Shard       which one of how many
    Manifest    what a shard ran, how each came out, and where its result is
"""

from __future__ import annotations

from notekit.shards.manifest import Division, Entry, Manifest, division, manifest, manifests, write
from notekit.shards.merging import Found, complaints
from notekit.shards.plan import Part, Shard, divide, parts, plan_digest

__all__ = [
    "Division",
    "Entry",
    "Found",
    "Manifest",
    "Part",
    "Shard",
    "complaints",
    "divide",
    "division",
    "manifest",
    "manifests",
    "parts",
    "plan_digest",
    "write",
]
