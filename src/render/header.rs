//! The comment that a template begins with: its scope, its condition, what it is about.
//!
//! ```text
//! {#
//!   scope: service
//!   when: workload.kind == "Deployment"
//!   about: runs interchangeable pods
//! #}
//! ```

use std::fmt;

/// What a template is rendered once for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The fleet; its objects stand in `hub/`.
    Fleet,
    /// A region; its objects stand in the region's first cluster by name.
    Region,
    /// A cluster.
    Cluster,
    /// A namespace in a cluster.
    Namespace,
    /// A service in a cluster.
    Service,
    /// A store of a service in the cluster that holds it.
    Store,
}

impl Scope {
    /// All scopes, from the widest to the narrowest.
    pub const ALL: [Self; 6] = [
        Self::Fleet,
        Self::Region,
        Self::Cluster,
        Self::Namespace,
        Self::Service,
        Self::Store,
    ];

    /// The word in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Region => "region",
            Self::Cluster => "cluster",
            Self::Namespace => "namespace",
            Self::Service => "service",
            Self::Store => "store",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the header of a template says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) scope: Scope,
    /// A minijinja expression; absent: always.
    pub(crate) when: Option<String>,
    pub(crate) about: Option<String>,
    /// Where what it yields stands, which then is no object: a path with placeholders.
    pub(crate) file: Option<String>,
    /// Whether it is rendered when all other objects of its cluster are, and is given their `kinds`.
    pub(crate) after: bool,
}

/// What is wrong with a header: message, byte range in the template, remedy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeaderFault {
    pub(crate) message: String,
    pub(crate) range: std::ops::Range<usize>,
    pub(crate) help: String,
}

const KEYS: [&str; 5] = ["scope", "when", "about", "file", "after"];
/// What a template can come after.
const OBJECTS: &str = "objects";
const FORM: &str = "begin with `{# scope: service #}`, with `when: <condition>` on a line of its own where it does not always apply";

/// Reads the header of a template.
pub(crate) fn read(text: &str) -> Result<Header, HeaderFault> {
    let fault = |message: String, range, help: String| {
        Err(HeaderFault {
            message,
            range,
            help,
        })
    };
    let lead = text.len() - text.trim_start().len();
    let inside = text[lead..]
        .strip_prefix("{#")
        .and_then(|t| t.split_once("#}"));
    let Some((comment, _)) = inside else {
        return fault("the template has no header".into(), 0..0, FORM.into());
    };
    let start = lead + 2;
    let mut values: [Option<(String, std::ops::Range<usize>)>; 5] = [const { None }; 5];
    let mut last: Option<usize> = None;
    let mut offset = start;
    for line in comment.split_inclusive('\n') {
        let at = offset + (line.len() - line.trim_start().len());
        offset += line.len();
        let line = line.trim().trim_matches('-').trim();
        let range = at..at + line.len();
        if line.is_empty() {
            continue;
        }
        let word = line.split_once(':').map(|(k, v)| (k.trim(), v.trim()));
        match (word, last) {
            (Some((key, value)), _) if KEYS.contains(&key) => {
                let index = KEYS.iter().position(|k| *k == key).unwrap_or(0);
                if values[index].is_some() {
                    let help = "keep one of them".to_owned();
                    return fault(format!("`{key}` stands twice in the header"), range, help);
                }
                values[index] = Some((value.to_owned(), range));
                last = Some(index);
            }
            (Some((key, _)), last)
                if last != Some(1) && key.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                let help = format!("the header knows {}", crate::render::said(&KEYS));
                return fault(format!("unknown word `{key}` in the header"), range, help);
            }
            (_, Some(index)) => {
                if let Some((value, _)) = &mut values[index] {
                    value.push(' ');
                    value.push_str(line);
                }
            }
            (_, None) => return fault("the header says no scope".into(), range, FORM.into()),
        }
    }
    let [scope, when, about, file, after] = values;
    let Some((word, range)) = scope else {
        return fault("the header says no scope".into(), start..start, FORM.into());
    };
    let Some(scope) = Scope::ALL.into_iter().find(|s| s.name() == word) else {
        let help = format!(
            "scopes are {}",
            crate::render::said(&Scope::ALL.map(Scope::name))
        );
        return fault(format!("unknown scope `{word}`"), range, help);
    };
    if let Some((word, range)) = &after {
        if word != OBJECTS {
            let help = format!("write `after: {OBJECTS}`, or leave the line out");
            return fault(format!("nothing comes after `{word}`"), range.clone(), help);
        }
        if scope != Scope::Cluster || file.is_some() {
            let help = "write `scope: cluster`, and no `file`".to_owned();
            let message = "only objects of a cluster come after the others".to_owned();
            return fault(message, range.clone(), help);
        }
    }
    Ok(Header {
        scope,
        when: when.map(|(text, _)| text),
        about: about.map(|(text, _)| text),
        file: file.map(|(text, _)| text),
        after: after.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_scope_condition_and_purpose() {
        let header =
            read("{#-\n  scope: service\n  when: a == 1\n    and b: c\n  about: x: y\n-#}\n")
                .unwrap();
        assert_eq!(header.scope, Scope::Service);
        assert_eq!(header.when.as_deref(), Some("a == 1 and b: c"));
        assert_eq!(header.about.as_deref(), Some("x: y"));
        assert_eq!(header.file, None);
        let paper =
            read("{#\n scope: cluster\n file: bootstrap/{{ cluster.name }}.md\n#}").unwrap();
        assert_eq!(
            paper.file.as_deref(),
            Some("bootstrap/{{ cluster.name }}.md")
        );
        let late = read("{#\n scope: cluster\n after: objects\n#}").unwrap();
        assert!(late.after && !header.after);
        assert_eq!(
            read("{# scope: fleet #}").map(|h| h.scope),
            Ok(Scope::Fleet)
        );
    }

    #[test]
    fn wrong_headers_say_what_is_wrong() {
        for (text, message) in [
            ("kind: x", "the template has no header"),
            ("{# about: x #}", "the header says no scope"),
            ("{# whatever #}", "the header says no scope"),
            ("{# scope: pod #}", "unknown scope `pod`"),
            (
                "{#\nscope: fleet\nscope: fleet\n#}",
                "`scope` stands twice in the header",
            ),
            (
                "{#\nscope: cluster\nafter: all\n#}",
                "nothing comes after `all`",
            ),
            (
                "{#\nscope: service\nafter: objects\n#}",
                "only objects of a cluster come after the others",
            ),
            (
                "{#\nscope: fleet\nif: x\n#}",
                "unknown word `if` in the header",
            ),
        ] {
            assert_eq!(
                read(text).map_err(|f| f.message),
                Err(message.to_owned()),
                "{text}"
            );
        }
    }
}
