"""notekit: reads engineering notes, runs their examples, compares what came out, writes pages."""
