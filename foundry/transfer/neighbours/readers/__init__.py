"""One module for each format that is read: a parsed file becomes a `foundry.transfer.foreign.Document`."""
