//! SHA-256 digests of files.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (FIPS 180-4), printed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of these parts, one after the other.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Sha256::new();
        parts.into_iter().for_each(|part| hasher.update(part));
        Self(hasher.finalize().into())
    }

    /// The digest of named contents: the same for the same pairs in the same order, and for no
    /// other, since every part is preceded by its length.
    pub fn of_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut hasher = Sha256::new();
        for (name, content) in pairs {
            for part in [name.as_bytes(), content] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
        }
        Self(hasher.finalize().into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut out = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
        }
        Some(Self(out))
    }
}

/// What digests of secrets are keyed with, so that nobody can try values against them.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// A key of any length.
    pub fn new(bytes: &[u8]) -> Self {
        // Shorter ones are filled up and longer ones hashed (RFC 2104).
        let mut block = [0; 64];
        match bytes.len() {
            0..=64 => block[..bytes.len()].copy_from_slice(bytes),
            _ => block[..32].copy_from_slice(&Sha256::digest(bytes)),
        }
        Self(Hmac::new(&block.into()))
    }

    /// The first eight hexadecimal digits of the HMAC-SHA256 (RFC 2104) of bytes.
    pub fn short(&self, bytes: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(bytes);
        let mut digits = Digest(mac.finalize().into_bytes().into()).to_string();
        digits.truncate(8);
        digits
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = String::with_capacity(64);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0xf] {
                digits.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        f.write_str(&digits)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn keyed_digests_are_hmac_sha256() {
        let short = |key: &[u8], text: &str| Key::new(key).short(text.as_bytes());
        assert_eq!(short(b"Jefe", "what do ya want for nothing?"), "5bdcc146");
        let long = "Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(short(&[0xaa; 131], long), "60e43159");
        assert_eq!(format!("{:?}", Key::new(b"hunter2")), "Key");
    }

    #[test]
    fn digests_are_those_of_the_standard_and_come_back_from_text() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(Digest::parse(empty), Some(Digest::of(b"")));
        for bad in [&empty[1..], &empty.to_uppercase(), &format!("{empty}0"), ""] {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_byte_that_moves_from_a_name_to_its_content_changes_the_digest() {
        let of = |name, content: &'static [u8]| Digest::of_pairs([(name, content)]);
        assert_ne!(of("a", b"bc"), of("ab", b"c"));
        assert_ne!(of("a", b""), Digest::of_pairs([]));
    }
}
