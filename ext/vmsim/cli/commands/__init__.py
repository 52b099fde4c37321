"""The commands of ``vmsim``: one file each, which defines ``command``."""
