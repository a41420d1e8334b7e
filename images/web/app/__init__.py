"""A small web service that the bundled images carry."""
