"""This host: what it is (fingerprint), how busy it is (load), what makes it unfit (doctor)."""
