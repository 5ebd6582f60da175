"""What the case folders of both dialects share: a stack in miniature, and the comparison with what a case expects."""
