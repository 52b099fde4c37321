"""Notes to values: the whole note format, with every error at its line.

From the bottom up
    text, report, plain_yaml, keys       lines, problems, YAML with lines
    markup, follow, lookout, prose       blocks as markdown-it-py sees them, and what Python-Markdown would add
    attributes, languages, options       what stands behind an opening fence
    block, sections, computed, document  one language's text
    console, diagram, schema, files, file_regions, examples, outputs, references, staleness, note
    folders, area, collection            everything below a root
"""

from notekit.parse.collection import read_collection

__all__ = ["read_collection"]
