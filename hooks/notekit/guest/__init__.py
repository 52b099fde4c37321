"""A small Linux in QEMU for examples that need root or a kernel of their own: made, booted, saved, cloned, spoken to."""
