//! Scalars with a form of their own: how each is written, checked, described to editors, and read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use crate::model::duration::Duration;
use crate::model::place::Country;
use crate::model::quantity::Quantity;
use crate::model::ratio::Share;
use crate::model::world::{Existing, KubernetesVersion, VersionRange};

use super::audience::Weight;
use super::container::PortNumber;
use super::fleet::Factor;
use super::region::{Address, Cidr, Latitude, Longitude};
use super::store::StandbyCount;
use crate::model::date::Date;

/// One form of scalar.
#[derive(Clone, Copy, Debug)]
pub struct Scalar {
    /// Its name in the schemas, under `x-scalar`.
    pub name: &'static str,
    /// What it is and how it is written, as it completes "expected …".
    pub form: &'static str,
    /// Whether a text has the form.
    pub accepts: fn(&str) -> bool,
}

/// The form of a name, where there is one.
pub fn scalar(name: &str) -> Option<&'static Scalar> {
    SCALARS.iter().find(|s| s.name == name)
}

macro_rules! scalars {
    ($($type:ty: $name:literal, $form:literal, $parse:expr, $schema:tt;)+) => {
        /// Every form of scalar.
        pub const SCALARS: &[Scalar] = &[$(Scalar {
            name: $name,
            form: $form,
            accepts: |text| {
                let parse: fn(&str) -> Option<$type> = $parse;
                parse(text).is_some()
            },
        },)+];

        $(
            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                    let text = Cow::<'_, str>::deserialize(d)?;
                    let parse: fn(&str) -> Option<$type> = $parse;
                    parse(&text).ok_or_else(|| D::Error::custom(concat!("expected ", $form)))
                }
            }

            impl JsonSchema for $type {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    let mut schema = json_schema!($schema);
                    schema.insert("x-scalar".to_owned(), $name.into());
                    schema
                }
            }
        )+
    };
}

scalars! {
    Duration: "duration", "a duration such as `250ms`, `5s`, `1h30m` or `90d`", Duration::parse,
        {"type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", "minLength": 2};
    Quantity: "quantity", "a Kubernetes quantity such as `250m`, `2` or `1Gi`", Quantity::parse,
        {"type": ["string", "number"], "pattern": "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"};
    Share: "percentage", "a percentage such as `20%` or `99.95%`, at most `100%`", Share::parse_percent,
        {"type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,4})?%$"};
    Weight: "weight", "a weight such as `60` or a percentage such as `55%`", Weight::parse,
        {"type": ["string", "number"], "pattern": "^[0-9]{1,9}(\\.[0-9]{1,6})?%?$"};
    Country: "country", "a country as two letters of ISO 3166-1, such as `IE`", Country::parse,
        {"type": "string", "pattern": "^[A-Za-z]{2}$"};
    KubernetesVersion: "kubernetes-version", "a Kubernetes version such as \"1.34\"", KubernetesVersion::parse,
        {"type": "string", "pattern": "^v?[0-9]{1,2}\\.[0-9]{1,3}(\\.[0-9]{1,3})?$"};
    VersionRange: "kubernetes-range", "a range of Kubernetes versions such as `>=1.33` or `>=1.33 <1.36`", VersionRange::parse,
        {"type": "string", "pattern": "^ *(>=|<=|>|<|=) *v?[0-9]{1,2}\\.[0-9]{1,3}(\\.[0-9]{1,3})?([ ,]+(>=|<=|>|<|=) *v?[0-9]{1,2}\\.[0-9]{1,3}(\\.[0-9]{1,3})?)* *$"};
    Cidr: "cidr", "an address range such as `10.8.0.0/14`", Cidr::parse,
        {"type": "string", "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$"};
    Address: "address", "an IP address such as `192.0.2.10` or `2001:db8::1`", Address::parse,
        {"type": "string", "pattern": "^[0-9a-fA-F.:]+$"};
    PortNumber: "port", "a port number from 1 to 65535", PortNumber::parse,
        {"type": "integer", "minimum": 1, "maximum": 65535};
    StandbyCount: "standbys", "a number of standbys from 0 to 9", StandbyCount::parse,
        {"type": "integer", "minimum": 0, "maximum": 9};
    Date: "date", "a date such as `2027-06-30`", Date::parse,
        {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"};
    Factor: "factor", "a factor such as `1.5`, from 1 to 100", Factor::parse,
        {"type": "number", "minimum": 1, "maximum": 100};
    Existing: "existing", "an object as `Kind/name` or `Kind/namespace/name`, such as `Secret/shop/db`", Existing::parse,
        {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]*(/(\\*|[a-z0-9-]+))?/(\\*|[A-Za-z0-9.:_-]+)$"};
    Latitude: "latitude", "degrees north such as `53.35`, from -90 to 90", Latitude::parse,
        {"type": "number", "minimum": -90, "maximum": 90};
    Longitude: "longitude", "degrees east such as `-6.26`, from -180 to 180", Longitude::parse,
        {"type": "number", "minimum": -180, "maximum": 180};
}

/// Reads a decimal such as `-6.26` into millionths, exactly.
pub(super) fn millionths(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    if digits.ends_with('.') || fraction.len() > 12 {
        return None;
    }
    let six = format!("{fraction:0<6}");
    Some(sign * (whole.parse::<i64>().ok()? * 1_000_000 + six[..6].parse::<i64>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_accepts_what_it_promises_and_nothing_near() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("duration", &["250ms", "1h30m"], &["", "5", "1.5s", "5 s"]),
            ("quantity", &["250m", "2", "1Gi"], &[""]),
            ("percentage", &["20%", "99.95%"], &["20", "101%", "-1%"]),
            (
                "weight",
                &["60", "55%", "0.5"],
                &["-1", "many", "1e3", "99999999999"],
            ),
            ("standbys", &["0", "9"], &["10", "-1", "two"]),
            ("country", &["NO", "ie"], &["no!", "IRL", "036"]),
            (
                "kubernetes-version",
                &["1.34", "v1.34.2"],
                &["1", "1.34.", "1.x", "1.34-rc1"],
            ),
            (
                "kubernetes-range",
                &[">=1.33", ">= 1.33, <1.36", "=1.34", "> 1.33.2"],
                &["1.33", ">=", ">=1", ">=1.33 1.34", "~1.33", ">=1.36 <1.34"],
            ),
            (
                "cidr",
                &["10.8.0.0/14", "fd00::/8"],
                &["10.8.0.0", "10.8.0.0/33", "10.8/14"],
            ),
            (
                "address",
                &["192.0.2.10", "2001:db8::1"],
                &["192.0.2", "host"],
            ),
            (
                "port",
                &["1", "65535"],
                &["0", "65536", "-1", "0x10", "080", "1e3"],
            ),
            (
                "date",
                &["2027-06-30", "2028-02-29"],
                &["2027-6-30", "2027-02-29", "2027-13-01"],
            ),
            ("factor", &["1.5", "1"], &["0.5", "101", "x"]),
            (
                "existing",
                &[
                    "Secret/shop/db",
                    "Secret/*/pull",
                    "ClusterIssuer/main",
                    "ConfigMap/*",
                ],
                &[
                    "Secret",
                    "secret/db",
                    "Secret/shop/",
                    "Secret/a/b/c",
                    "Secret/Shop/db",
                ],
            ),
            ("latitude", &["53.35", "-90"], &["91", "53,35"]),
            ("longitude", &["-6.26", "180"], &["181", "W6"]),
        ];
        assert_eq!(cases.len(), SCALARS.len(), "a case for each form");
        for (name, good, bad) in cases {
            let form = scalar(name).unwrap_or_else(|| panic!("{name} is no form"));
            for text in *good {
                assert!((form.accepts)(text), "{name} refuses {text}");
            }
            for text in *bad {
                assert!(!(form.accepts)(text), "{name} accepts {text}");
            }
        }
    }
}
