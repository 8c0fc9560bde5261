//! Repository against cluster: desired manifests and a live state to findings.
//!
//! [`compare`] normalises both sides by their schema, walks them together, and asks for every
//! difference whose it is: a person's, a controller's, the server's, or an apply's that is still to
//! come. Only what nobody may change silently becomes a finding. Unknown is never clean.

mod accept;
mod baseline;
mod bookkeeping;
mod classify;
mod compare;
mod desired;
mod evidence;
mod ignore;
pub mod invariants;
mod jq;
mod orphan;
mod ownership;
mod path;
mod read;
mod report;
mod scale;
mod secrets;
mod settings;
mod version;
mod wants;

pub use accept::idle;
pub use baseline::Baseline;
pub use desired::Desired;
pub use ignore::Rule;
pub use orphan::mark;
pub use path::{locate, unescape};
pub use read::flatten;
pub use report::compare;
pub use settings::{APPLIERS, Mark, Orphans, Settings, SettingsFault};
pub use wants::wants;
