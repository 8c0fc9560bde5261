//! Parts of a pod: ports, environment, volumes, init containers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Entries;
use super::forms::short_or_long;
use crate::diag::Spanned;
use crate::model::quantity::Quantity;
use crate::model::world::Protocol;

/// A port number, from 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortNumber(pub u16);

impl PortNumber {
    /// Reads decimal digits without leading zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        plain.then(|| text.parse().ok().map(Self)).flatten()
    }
}

/// A port: a number, or `{port, target, protocol}`.
#[derive(Clone, Debug)]
pub enum Port {
    /// The same number for callers and in the pod.
    Short(PortNumber),
    /// With details.
    Long(PortLong),
}

/// A port with details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortLong {
    /// What callers use.
    pub port: Spanned<PortNumber>,
    /// What the container listens on. Default: `port`.
    pub target: Option<Spanned<PortNumber>>,
    /// The transport protocol. Default: `TCP`.
    pub protocol: Option<Protocol>,
}

short_or_long!(Port, "a port number, or `{port: ..., target: ..., protocol: ...}`",
    short: PortNumber => Port::Short,
    long: PortLong => Port::Long);

/// The value of an environment variable: a text, `{secret, key}` or `{field}`.
#[derive(Clone, Debug)]
pub enum EnvValue {
    /// A text.
    Plain(String),
    /// From elsewhere.
    From(EnvFrom),
}

/// A value from elsewhere: a key of a Secret, or a field of the pod.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvFrom {
    /// The Secret, in the service's namespace.
    pub secret: Option<Spanned<String>>,
    /// The key in the Secret.
    pub key: Option<Spanned<String>>,
    /// A field of the pod, such as `metadata.name`.
    pub field: Option<Spanned<String>>,
}

/// A text that may look like a number or a boolean.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct Text(String);

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "number", "boolean"]})
    }
}

short_or_long!(EnvValue, "a text, `{secret: ..., key: ...}` or `{field: ...}`",
    short: Text => |text| EnvValue::Plain(text.0),
    long: EnvFrom => EnvValue::From);

/// A directory that the container may write to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// Where it is mounted.
    pub mount: Spanned<String>,
    /// How large it may grow.
    pub size: Option<Spanned<Quantity>>,
    /// Kept across restarts of the pod; needs `kind: StatefulSet`. Default: `false`.
    pub persistent: Option<Spanned<bool>>,
    /// The storage class of a persistent one. Default: the cluster's.
    pub storage_class: Option<Spanned<String>>,
    /// In memory instead of on disk. Default: `false`.
    pub memory: Option<Spanned<bool>>,
}

/// A container that runs to completion before the main one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitContainer {
    /// Its name.
    pub name: Spanned<String>,
    /// Its image.
    pub image: Spanned<String>,
    /// Its command, where it is not the image's.
    #[serde(default)]
    pub command: Vec<String>,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment variables.
    #[serde(default)]
    pub env: Entries<Spanned<EnvValue>>,
}

/// Who the container runs as.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Security {
    /// User id; 0 is refused. Default: 1000.
    pub user: Option<Spanned<u32>>,
    /// Group id, also of mounted volumes. Default: the user id.
    pub group: Option<Spanned<u32>>,
    /// Whether the root file system can be written. Default: `false`.
    pub writable_root: Option<bool>,
}
