//! The formats of strings that an API server checks in custom resources.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::normalise::instant;

/// A format by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Date,
    Duration,
    Ipv4,
    Ipv6,
    Cidr,
    Uuid,
    Email,
    Uri,
    Hostname,
    Mac,
    Int32,
}

impl Format {
    /// The format of that name; others are not checked, as a server that does not know them does.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "date-time" | "datetime" => Self::DateTime,
            "date" => Self::Date,
            "duration" => Self::Duration,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "cidr" => Self::Cidr,
            "uuid" => Self::Uuid,
            "email" => Self::Email,
            "uri" => Self::Uri,
            "hostname" => Self::Hostname,
            "mac" => Self::Mac,
            "int32" => Self::Int32,
            _ => return None,
        })
    }

    /// What it wants, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::DateTime => "a time such as `2026-01-31T00:00:00Z`",
            Self::Date => "a date such as `2026-01-31`",
            Self::Duration => "a duration such as `1h30m`",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Cidr => "an address range such as `10.0.0.0/8`",
            Self::Uuid => "a UUID",
            Self::Email => "an e-mail address",
            Self::Uri => "a URI",
            Self::Hostname => "a host name",
            Self::Mac => "a hardware address such as `00:00:5e:00:53:01`",
            Self::Int32 => "an integer of 32 bits",
        }
    }

    /// Whether a text is of it.
    pub(super) fn matches(self, text: &str) -> bool {
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        match self {
            Self::DateTime => instant(text).is_some(),
            Self::Date => text.len() == 10 && instant(&format!("{text}T00:00:00Z")).is_some(),
            Self::Duration => duration(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Cidr => text.split_once('/').is_some_and(|(address, bits)| {
                let most = match address.parse::<IpAddr>() {
                    Ok(IpAddr::V4(_)) => 32,
                    Ok(IpAddr::V6(_)) => 128,
                    Err(_) => return false,
                };
                bits.parse::<u8>().is_ok_and(|b| b <= most)
            }),
            Self::Uuid => {
                let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
                digits.len() == 32
                    && digits.iter().all(u8::is_ascii_hexdigit)
                    && matches!(text.len(), 32 | 36)
            }
            Self::Email => text
                .rsplit_once('@')
                .is_some_and(|(who, host)| !who.is_empty() && !host.is_empty()),
            Self::Uri => text.split_once(':').is_some_and(|(scheme, rest)| {
                scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
                    && !rest.is_empty()
                    && !rest.contains(char::is_whitespace)
            }),
            Self::Hostname => text.len() <= 255 && text.trim_end_matches('.').split('.').all(label),
            Self::Mac => {
                let parts: Vec<&str> = text.split([':', '-']).collect();
                matches!(parts.len(), 6 | 8)
                    && parts
                        .iter()
                        .all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
            }
            Self::Int32 => true, // of numbers alone
        }
    }
}

/// As Go's `time.ParseDuration`, and in words (`3 days`) as strfmt reads it.
fn duration(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "nano", "micro", "milli", "sec",
        "secs", "second", "seconds", "min", "mins", "minute", "minutes", "hr", "hrs", "hour",
        "hours", "day", "days", "week", "weeks",
    ];
    if text == "0" {
        return true;
    }
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number = &rest[..digits];
        if !number.contains(|c: char| c.is_ascii_digit()) || number.matches('.').count() > 1 {
            return false;
        }
        let after = rest[digits..].trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        if !UNITS.contains(&&after[..end]) {
            return false;
        }
        rest = after[end..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_right_from_wrong() {
        for (name, right, wrong) in [
            ("date-time", "2026-01-31T12:00:00Z", "2026-01-31"),
            ("date", "2026-01-31", "31.01.2026"),
            ("duration", "1h30m", "1.5"),
            ("duration", "3 days", "soon"),
            ("ipv4", "192.0.2.1", "192.0.2.256"),
            ("ipv6", "2001:db8::1", "192.0.2.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            (
                "uuid",
                "123e4567-e89b-12d3-a456-426614174000",
                "123e4567-e89b",
            ),
            ("email", "a@shop.example", "shop.example"),
            ("uri", "https://shop.example/a", "shop example"),
            ("hostname", "shop.example", "-shop.example"),
            ("mac", "00:00:5e:00:53:01", "00:00:5e"),
        ] {
            let format = Format::of(name).unwrap();
            assert!(format.matches(right), "{name} {right}");
            assert!(!format.matches(wrong), "{name} {wrong}");
        }
        assert_eq!(Format::of("password"), None);
    }
}
