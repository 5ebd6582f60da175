"""What a program asks about a project that isn't its own."""

from __future__ import annotations


def connection_id(endpoint: str, name: str) -> str:
    """The ARM id of a project's connection.

    Args:
        endpoint: the project's endpoint.
        name: the connection's name.

    Raises:
        ServiceError: there is no such connection, or the project can't be asked.
    """
    # Here, because every program imports this module and few ask.
    from foundry.providers.operations import session

    return session().services.connection_id(endpoint, name)
