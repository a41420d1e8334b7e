"""Sections of a report: tables and a few words that read the same in every form of it."""
