"""The version of the distribution `container-bench`, read by the build and by every journal."""

__version__ = "0.1.0"
