//! Bytes that nobody can guess.

use std::io::Read as _;

use anyhow::Context as _;

/// As many as a key of HMAC-SHA256 needs.
///
/// # Errors
///
/// Where the system has no `/dev/urandom`.
pub fn key() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("reading a random key from `/dev/urandom`")?;
    Ok(bytes)
}
