//! Writes a value as canonical YAML.
