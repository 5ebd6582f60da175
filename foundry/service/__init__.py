"""The only room that speaks to a service: paths, paging, retries, errors.

What the room offers stands in `foundry.service.protocols`; `foundry.service.connect` makes the adapters.
"""
