"""The models of a scenario file; `loading` reads one."""
