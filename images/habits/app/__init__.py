"""A small web service that keeps notes: what it is packed with is what the images differ in."""
