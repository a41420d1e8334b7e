"""Compose files: what of the Compose specification bench can measure, and reading it as it is.

`load` is the way in; what comes out is a `Stack` (see `stack`). Every key of a file is either
honoured, named as ignored because it changes no figure, or refused with its line: see `keys`.
Nothing here talks to an engine.
"""
