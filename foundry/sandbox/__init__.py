"""A stand-in for Azure on loopback, so that a stack can be brought up with neither a subscription nor the Pulumi CLI."""
