"""Where a server listens; without what takes seconds to load, so that a mistake is said at once."""

from __future__ import annotations

import ipaddress
import socket

from engine.contract.errors import UserError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listening(host: str, port: int) -> socket.socket:
    """A socket that clients may connect to; port 0 is any that is free.

    Raises:
        UserError: the port is used, or the host is not of this machine.
    """
    try:
        if not 0 <= port <= 65535:
            raise OverflowError("a port is a number from 0 to 65535")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        raise UserError(
            "cannot-listen",
            "The server cannot listen on {host}, port {port} ({reason}). Choose another --port "
            "or --host.",
            host=host,
            port=port,
            reason=getattr(error, "strerror", None) or error,
        ) from error
