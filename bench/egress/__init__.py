"""Contacts of a container, observed packet by packet, with the network open or cut."""
