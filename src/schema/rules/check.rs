//! A value against what is demanded of it.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Number, Value};

use super::super::check::{Violation, What};
use super::Rules;

/// So many faults of one object are told.
const MAX_FOUND: usize = 100;
/// So many allowed values are listed.
const LISTED: usize = 20;

impl Rules {
    /// Adds what does not hold of an object to what was found of it.
    pub(in crate::schema) fn check(&self, object: &Value, found: &mut Vec<Violation>) {
        let mut walk = Walk {
            at: String::new(),
            found: Vec::new(),
        };
        walk.value(self, object);
        for violation in walk.found {
            if found.len() < MAX_FOUND && !found.contains(&violation) {
                found.push(violation);
            }
        }
    }

    /// Whether a value keeps to all of it.
    fn holds(&self, value: &Value) -> bool {
        self.fault(value).is_none()
    }

    /// The first thing that does not hold.
    fn fault(&self, value: &Value) -> Option<String> {
        let mut walk = Walk {
            at: String::new(),
            found: Vec::new(),
        };
        walk.value(self, value);
        let first = walk.found.into_iter().next()?;
        Some(match first.pointer.as_str() {
            "" => first.what.to_string(),
            at => format!("`{at}`: {}", first.what),
        })
    }
}

struct Walk {
    at: String,
    found: Vec<Violation>,
}

impl Walk {
    fn tell(&mut self, what: What) {
        self.found.push(Violation {
            pointer: self.at.clone(),
            what,
        });
    }

    fn rule(&mut self, rule: String) {
        self.tell(What::Rule(rule));
    }

    fn within(&mut self, step: &str, rules: &Rules, value: &Value) {
        let depth = self.at.len();
        self.at.push('/');
        self.at
            .push_str(&step.replace('~', "~0").replace('/', "~1"));
        self.value(rules, value);
        self.at.truncate(depth);
    }

    fn value(&mut self, rules: &Rules, value: &Value) {
        if let Some(kind) = &rules.kind
            && !is(value, kind)
        {
            return self.rule(format!("expected a value of type {kind}"));
        }
        if !rules.values.is_empty() && !rules.values.iter().any(|v| same(v, value)) {
            self.not_allowed(rules);
        }
        match value {
            Value::Null => return,
            Value::String(text) => self.text(rules, text),
            Value::Number(number) => self.number(rules, number),
            Value::Array(elements) => {
                self.count(rules.elements, elements.len(), "elements");
                if rules.unique && !distinct(elements) {
                    self.tell(What::DuplicateKey);
                }
                if let Some(each) = &rules.each {
                    for (i, element) in elements.iter().enumerate() {
                        self.within(&i.to_string(), each, element);
                    }
                }
            }
            Value::Object(members) => {
                self.count(rules.size, members.len(), "members");
                for name in &rules.required {
                    if !members.contains_key(name.as_ref()) {
                        let name = name.clone();
                        self.tell(What::Missing { name });
                    }
                }
                if rules.embedded {
                    for name in ["apiVersion", "kind"] {
                        if !members.get(name).is_some_and(Value::is_string) {
                            let name = name.into();
                            self.tell(What::Missing { name });
                        }
                    }
                }
                for (name, rules) in &rules.members {
                    if let Some(value) = members.get(name.as_ref()) {
                        self.within(name, rules, value);
                    }
                }
                if let Some(others) = &rules.others {
                    for (name, value) in members {
                        if !rules.members.contains_key(name.as_str()) {
                            self.within(name, others, value);
                        }
                    }
                }
            }
            Value::Bool(_) => {}
        }
        self.alternatives(rules, value);
    }

    fn alternatives(&mut self, rules: &Rules, value: &Value) {
        for all in &rules.all {
            self.value(all, value);
        }
        if !rules.any.is_empty() && !rules.any.iter().any(|r| r.holds(value)) {
            let why: Vec<String> = rules.any.iter().filter_map(|r| r.fault(value)).collect();
            self.rule(format!(
                "none of its alternatives holds: {}",
                why.join("; or ")
            ));
        }
        if !rules.one.is_empty() {
            match rules.one.iter().filter(|r| r.holds(value)).count() {
                1 => {}
                0 => {
                    let why: Vec<String> =
                        rules.one.iter().filter_map(|r| r.fault(value)).collect();
                    self.rule(format!(
                        "none of its alternatives holds: {}",
                        why.join("; or ")
                    ));
                }
                n => self.rule(format!(
                    "{n} of its alternatives hold, where exactly one may"
                )),
            }
        }
        if rules.not.as_ref().is_some_and(|not| not.holds(value)) {
            self.rule("it is what its definition rules out (`not`)".to_owned());
        }
    }

    fn not_allowed(&mut self, rules: &Rules) {
        let texts: Option<Vec<_>> = rules.values.iter().map(Value::as_str).collect();
        match texts {
            Some(texts) => {
                let allowed = texts.into_iter().map(Into::into).collect();
                self.tell(What::NotAllowed { allowed });
            }
            None => {
                let mut rule = "expected one of".to_owned();
                for (i, value) in rules.values.iter().take(LISTED).enumerate() {
                    let _ = write!(rule, "{} `{value}`", if i == 0 { "" } else { "," });
                }
                self.rule(rule);
            }
        }
    }

    fn text(&mut self, rules: &Rules, text: &str) {
        if !rules.length.is_open() {
            self.count(rules.length, text.chars().count(), "characters");
        }
        if let Some(pattern) = &rules.pattern
            && !pattern.matches(text)
        {
            self.rule(format!("does not match `{}`", pattern.text()));
        }
        if let Some(format) = rules.format
            && !format.matches(text)
        {
            self.rule(format!("expected {}", format.words()));
        }
    }

    fn number(&mut self, rules: &Rules, number: &Number) {
        if let Some((least, exclusive)) = &rules.minimum {
            match (order(number, least), exclusive) {
                (Ordering::Less, false) => self.rule(format!("has to be at least {least}")),
                (Ordering::Less | Ordering::Equal, true) => {
                    self.rule(format!("has to be more than {least}"));
                }
                _ => {}
            }
        }
        if let Some((most, exclusive)) = &rules.maximum {
            match (order(number, most), exclusive) {
                (Ordering::Greater, false) => self.rule(format!("may be at most {most}")),
                (Ordering::Greater | Ordering::Equal, true) => {
                    self.rule(format!("has to be less than {most}"));
                }
                _ => {}
            }
        }
        if let Some(step) = &rules.multiple_of {
            let rest = match (number.as_i64(), step.as_i64()) {
                (Some(number), Some(step)) if step != 0 => number % step != 0,
                _ => match (number.as_f64(), step.as_f64()) {
                    (Some(number), Some(step)) => (number / step).fract() != 0.0,
                    _ => false,
                },
            };
            if rest {
                self.rule(format!("has to be a multiple of {step}"));
            }
        }
    }

    fn count(&mut self, range: super::Range, count: usize, what: &str) {
        let count = count as u64;
        if let Some(least) = range.least.filter(|l| count < *l) {
            self.rule(format!("has {count} {what}, at least {least} are needed"));
        }
        if let Some(most) = range.most.filter(|m| count > *m) {
            self.rule(format!("has {count} {what}, at most {most} are allowed"));
        }
    }
}

/// Whether a value is of a JSON type.
fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

/// Equal as JSON is: `1` and `1.0` are one number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => order(a, b) == Ordering::Equal,
        _ => a == b,
    }
}

fn order(a: &Number, b: &Number) -> Ordering {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            let (a, b) = (a.as_f64().unwrap_or(0.0), b.as_f64().unwrap_or(0.0));
            a.total_cmp(&b)
        }
    }
}

fn distinct(elements: &[Value]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    elements.iter().all(|e| seen.insert(e.to_string()))
}
