//! Objects that stand in clusters without being rendered.

/// Objects that stand in clusters and are not rendered; `*` is any namespace or any name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Their kind.
    pub kind: String,
    /// Their namespace; of no consequence for kinds that stand in none.
    pub namespace: String,
    /// Their name.
    pub name: String,
}

impl Existing {
    /// All of a kind.
    pub fn every(kind: &str) -> Self {
        let any = || "*".to_owned();
        Self {
            kind: kind.to_owned(),
            namespace: any(),
            name: any(),
        }
    }

    /// Reads `Kind/name`, in any namespace, or `Kind/namespace/name`.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, "*", *name),
            [kind, namespace, name] => (*kind, *namespace, *name),
            _ => return None,
        };
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let legal = kind.starts_with(|c: char| c.is_ascii_uppercase())
            && kind.bytes().all(|b| b.is_ascii_alphanumeric())
            && (namespace == "*" || !namespace.is_empty() && namespace.bytes().all(lower))
            && (name == "*"
                || !name.is_empty()
                    && name.bytes().all(|b| {
                        lower(b) || b.is_ascii_uppercase() || matches!(b, b'.' | b':' | b'_')
                    }));
        legal.then(|| Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}
