"""Words and digest of a text, counted in C (native/digest.c)."""

import ctypes

_library = ctypes.CDLL("/usr/local/lib/libdigest.so")
_library.digest.restype = ctypes.c_uint64
_library.digest.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_library.words.restype = ctypes.c_size_t
_library.words.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def digest(text: str) -> str:
    """A short name of the text's content."""
    data = text.encode()
    return f"{_library.digest(data, len(data)):016x}"


def words(text: str) -> int:
    """How many words the text has."""
    data = text.encode()
    return int(_library.words(data, len(data)))
