"""Sources of an image to inspect: archives, layout folders, registries."""
