"""Mutations that the rules of `bench/judge` do not notice yet, each with a run that shows it.

Raw they are refused. The list may only get shorter: a test fails where an entry is mended.
"""

KNOWN_OPEN = {
    "large_mark_of_one": "stack-met",
}
