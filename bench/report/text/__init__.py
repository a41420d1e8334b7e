"""Reports as text: terminal, comparison, Markdown, JUnit, annotations, the self-test."""
