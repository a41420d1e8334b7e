"""This host: what it is (`fingerprint`), how busy (`load`), what makes it unfit (`doctor`)."""
