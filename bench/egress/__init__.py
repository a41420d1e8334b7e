"""What a container tries to reach: observed packet by packet, with the way out open or cut."""
