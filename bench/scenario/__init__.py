"""What a scenario file may say: its models; `loading` reads one."""
