"""Docker and what speaks its API; nothing else imports its SDK."""
