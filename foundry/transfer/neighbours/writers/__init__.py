"""One module for each format that is written: `write` makes the text of a file."""
