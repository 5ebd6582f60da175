"""Azure AI Foundry environments and their agents as code."""
