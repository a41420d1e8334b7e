"""Base images, made of packages where no registry answers."""
