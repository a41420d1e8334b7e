"""A run read back from its journal: tables, exports, listing."""
