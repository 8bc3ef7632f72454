"""Certificates, keys and tokens of one cluster, in a folder that only its owner can read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme

from tests.cluster.space import NODE_ADDRESS, SERVICE_ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("localhost", "kubernetes", "kubernetes.default.svc", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the files are, and the administrator's token.

    `authority` is the certificate that clients trust; `server` and `server_key` are the API
    server's; `accounts` signs the tokens of ServiceAccounts; `tokens` is the list of known users.
    """

    authority: Path
    server: Path
    server_key: Path
    accounts: Path
    tokens: Path
    token: str


def make(folder: Path) -> Keys:
    """Make them all in the folder, which is made."""
    folder.mkdir(mode=0o700)
    token = secrets.token_hex(16)
    keys = Keys(
        authority=folder / "authority.pem",
        server=folder / "server.pem",
        server_key=folder / "server-key.pem",
        accounts=folder / "accounts-key.pem",
        tokens=folder / "tokens.csv",
        token=token,
    )
    # RSA: Kubernetes 1.20 signs tokens with it by default; the others take it too.
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    authority.cert_pem.write_to_path(str(keys.authority))
    server = authority.issue_cert(
        *NAMES, NODE_ADDRESS, SERVICE_ADDRESS, key_type=trustme.KeyType.RSA
    )
    server.private_key_and_cert_chain_pem.write_to_path(str(keys.server))
    server.private_key_pem.write_to_path(str(keys.server_key))
    accounts = authority.issue_cert("accounts", key_type=trustme.KeyType.RSA)
    accounts.private_key_pem.write_to_path(str(keys.accounts))
    keys.tokens.write_text(f'{token},admin,1,"system:masters"\n')
    return keys
