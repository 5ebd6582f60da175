"""A stand-in for the azure-native provider plugin.

A gRPC server that speaks Pulumi's `ResourceProvider` protocol to any engine and plain ARM to any endpoint, so that programs
written against the unmodified `pulumi_azure_native` SDK run without Azure. What the inputs and outputs of a resource are is
read from the installed SDK; where a resource lives in ARM stands in `kinds`. The package knows nothing of the rest of this
project.

Run it with `python -m foundry.sandbox.azure_native --port 8444 --arm https://localhost:8443` and point an engine at it with
`PULUMI_DEBUG_PROVIDERS=azure-native:8444`.
"""
