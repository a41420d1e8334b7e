"""`bench inspect`: an image read in one pass, and the facts about it."""
