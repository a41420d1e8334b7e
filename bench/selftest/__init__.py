"""How far bench itself is off, on containers of exactly known behaviour."""
