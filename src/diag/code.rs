//! Every code that a diagnostic can carry: its name, its severity and its documentation.
//!
//! A new rule is one row here and one emission; a test demands the smallest wrong input of each.

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Suspicious; does not stop a run.
    Warning,
    /// Stops the run: exit code 2.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $severity:ident;)+) => {
        /// The kind of a fault; `regen codes` lists them all.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// All codes, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as printed, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Whether it stops a run.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it means and what to do, as `regen codes` prints it.
            pub fn documentation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n"),+),)+ }
            }
        }
    };
}

codes! {
    // ---- text and shape: load -------------------------------------------------------------
    /// The text is not valid YAML.
    YamlSyntax = "yaml-syntax", Error;
    /// The file is not valid UTF-8.
    NotUtf8 = "not-utf8", Error;
    /// The file nests, repeats or grows beyond what a fleet can need (aliases, depth, size).
    YamlBomb = "yaml-bomb", Error;
    /// A key stands twice in one mapping; the second would silently win.
    DuplicateKey = "duplicate-key", Error;
    /// A field is unknown; the nearest known name is offered.
    UnknownField = "unknown-field", Error;
    /// A required field is missing.
    MissingField = "missing-field", Error;
    /// A value is of the wrong kind (a list where a mapping is expected, …).
    WrongType = "wrong-type", Error;
    /// A value is of the right kind but cannot be read (a duration, quantity, percentage, …).
    InvalidValue = "invalid-value", Error;

    // ---- rules: validate ------------------------------------------------------------------

    // ---- decisions: plan ------------------------------------------------------------------

    // ---- templates and objects: render ----------------------------------------------------

    // ---- the repository: publish ----------------------------------------------------------

    // ---- desired manifests and settings: drift --------------------------------------------
}
