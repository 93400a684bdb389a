"""Sealing: who may read a text is decided by who holds a key, not by who reaches the bytes.

Two kinds. *Sealed to a public key* (HPKE, RFC 9180: X25519, HKDF-SHA256, AES-256-GCM): anybody can close the envelope,
only its addressee opens it; for texts that cross brokers and intake tables. *Locked under a person's key* (AES-256-GCM
with associated data): for texts at rest; the key lies beside them wrapped by a master key, and destroying it erases
the person from every copy and backup at once.

A sealed envelope starts with four bytes naming its key, so that keys can be rotated: the addressee holds a few private
keys, the newest first, and drops the oldest when everything sealed to it is past its retention. Only that makes old
broker segments unreadable, so rotate.

Errors:

    SealingError
    ├── Unreadable   wrong key, wrong context, or the bytes were changed
    └── KeyMissing   a key is not configured, or is not base64 of 32 bytes
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pydantic import SecretStr

from services.kernel.settings import Mode

KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class SealingError(Exception):
    """Something about keys or sealed bytes is wrong; never says what was inside."""


class Unreadable(SealingError):
    """These bytes do not open with these keys in this context."""


class KeyMissing(SealingError):
    """A key must be configured and is not, or has the wrong form."""


def new_private_key() -> bytes:
    """A fresh X25519 private key, 32 bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_half(private_key: bytes) -> bytes:
    """The public key of `private_key`, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def seal_to(public_key: bytes, plaintext: bytes, context: str) -> bytes:
    """Seal for the holder of the private half. `context` says what this is for and must be the same on opening."""
    sealed = _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info=context.encode())
    return _key_id(public_key) + sealed


def open_sealed(private_keys: Sequence[bytes], sealed: bytes, context: str) -> bytes:
    """The plaintext, with whichever key the envelope names. Raises `Unreadable`."""
    named, body = sealed[:_KEY_ID_BYTES], sealed[_KEY_ID_BYTES:]
    for private_key in private_keys:
        if _key_id(public_half(private_key)) == named:
            try:
                return _SUITE.decrypt(
                    body,
                    X25519PrivateKey.from_private_bytes(private_key),
                    info=context.encode(),
                )
            except (InvalidTag, ValueError):
                raise Unreadable("the sealed bytes do not open in this context") from None
    raise Unreadable("sealed to a key that is not held here")


def new_key() -> bytes:
    """A fresh AES-256 key."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def lock(key: bytes, plaintext: bytes, *about: str) -> bytes:
    """Encrypt under `key`. `about` (whose, which field) is authenticated: moved to another row it does not open."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, _associated(about))


def unlock(key: bytes, locked: bytes, *about: str) -> bytes:
    """The inverse of `lock`. Raises `Unreadable`."""
    try:
        return AESGCM(key).decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], _associated(about))
    except (InvalidTag, ValueError):
        raise Unreadable("the locked bytes do not open with this key") from None


def to_base64(key: bytes) -> str:
    """The form keys and sealed bytes have in settings and JSON."""
    return b64encode(key).decode()


def from_base64(text: str) -> bytes:
    """The inverse of `to_base64`. Raises `Unreadable`."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise Unreadable("not base64") from None


def keys_from(
    setting: SecretStr | str | None,
    *,
    variable: str,
    file: Path,
    mode: Mode,
    public: bool = False,
) -> list[bytes]:
    """Keys (newest first, separated by commas) from a setting; in development from `file`, made on first use.

    With `public`, the file still holds the private key and its public half is returned. Raises `KeyMissing`.
    """
    if setting is not None:
        text = setting.get_secret_value() if isinstance(setting, SecretStr) else setting
        return [_key(part, variable) for part in text.split(",")]
    if mode is Mode.PRODUCTION:
        raise KeyMissing(f"{variable} is required in production mode: base64 of {KEY_BYTES} bytes")
    keys = [_key(part, str(file.name)) for part in _development_file(file).split(",")]
    return [public_half(key) for key in keys] if public else keys


def _development_file(file: Path) -> str:
    """Read the file, or make it with a fresh key. Two processes may start at once: the first to link the file wins."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(to_base64(new_key()) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text()


def _key(text: str, where: str) -> bytes:
    try:
        key = from_base64(text.strip())
    except Unreadable:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyMissing(f"{where} must be base64 of {KEY_BYTES} bytes")
    return key


def _key_id(public_key: bytes) -> bytes:
    return sha256(public_key).digest()[:_KEY_ID_BYTES]


def _associated(about: tuple[str, ...]) -> bytes:
    return b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in about)
