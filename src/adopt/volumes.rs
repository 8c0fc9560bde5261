//! Mounts of a container: directories that it writes to, and files out of ConfigMaps.

use serde_json::{Value, json};

use super::around::Around;
use super::object::Object;
use super::text::{Field, Item, field};
use crate::model::quantity::Quantity;

/// What stands at paths of a container.
#[derive(Debug, Default)]
pub(super) struct Mounted {
    pub(super) volumes: Vec<Field>,
    pub(super) files: Vec<Field>,
    paths: Vec<String>,
}

/// The mounts of the container at `container` in the pod at `pod`.
pub(super) fn mounts(
    object: &mut Object,
    pod: &str,
    container: &str,
    around: &mut Around,
) -> Mounted {
    let mut mounted = Mounted::default();
    let list = format!("{container}/volumeMounts");
    let mut done = Vec::new();
    for index in 0..object.len(&list) {
        let at = format!("{list}/{index}");
        let text = |key: &str| {
            let value = object.get(&format!("{at}/{key}"));
            value.as_str().map(str::to_owned)
        };
        let (Some(name), Some(path)) = (text("name"), text("mountPath")) else {
            continue;
        };
        let sub_path = text("subPath");
        let path = match path.trim_end_matches('/') {
            "" => "/".to_owned(),
            trimmed => trimmed.to_owned(),
        };
        if !is_plain(&path) {
            around.leave(object, &at, "its path is not the plain path of a directory");
            continue;
        }
        let found = [
            format!("{pod}/volumes"),
            "/spec/volumeClaimTemplates".to_owned(),
        ]
        .into_iter()
        .flat_map(|list| (0..object.len(&list)).map(move |i| format!("{list}/{i}")))
        .find(|at| {
            let named = |key: &str| object.get(&format!("{at}{key}")) == &json!(name);
            named("/name") || named("/metadata/name")
        });
        let Some(volume) = found else {
            around.leave(object, &at, "no volume has its name");
            continue;
        };
        let result = if object.get(&format!("{volume}/configMap")).is_object() {
            mounted.config(object, &volume, &path, sub_path.as_deref(), around)
        } else if sub_path.is_some() {
            Err("part of a volume cannot be mounted".to_owned())
        } else {
            mounted.directory(object, &volume, &name, &path)
        };
        match result {
            Ok(()) => {
                for known in ["name", "mountPath", "readOnly", "subPath"] {
                    object.drop(&format!("{at}/{known}"));
                }
                done.push(volume);
            }
            Err(why) => around.leave(object, &at, &why),
        }
    }
    for volume in done {
        let known = [
            "/name",
            "/emptyDir",
            "/configMap",
            "/apiVersion",
            "/kind",
            "/status",
            "/metadata/name",
            "/metadata/creationTimestamp",
            "/spec/storageClassName",
            "/spec/resources/requests/storage",
        ];
        for field in known {
            object.drop(&format!("{volume}{field}"));
        }
        object.drop_if(
            &format!("{volume}/spec/accessModes"),
            &json!(["ReadWriteOnce"]),
        );
        object.drop_if(&format!("{volume}/spec/volumeMode"), &json!("Filesystem"));
    }
    mounted
}

impl Mounted {
    /// A directory of its own: empty at first, or a disk that stays.
    fn directory(
        &mut self,
        object: &Object,
        volume: &str,
        name: &str,
        path: &str,
    ) -> Result<(), String> {
        let text = |key: &str| {
            let value = object.get(&format!("{volume}{key}"));
            match value {
                Value::Number(number) => Some(number.to_string()),
                other => other.as_str().map(str::to_owned),
            }
        };
        let mut fields = vec![field("mount", Item::text(path))];
        if object.get(&format!("{volume}/emptyDir")).is_object() {
            if let Some(size) = text("/emptyDir/sizeLimit") {
                quantity(&size)?;
                fields.push(field("size", Item::plain(size)));
            }
            if text("/emptyDir/medium").as_deref() == Some("Memory") {
                fields.push(field("memory", Item::plain(true)));
            }
        } else if let Some(size) = text("/spec/resources/requests/storage") {
            quantity(&size)?;
            fields.push(field("size", Item::plain(size)));
            fields.push(field("persistent", Item::plain(true)));
            if let Some(class) = text("/spec/storageClassName") {
                fields.push(field("storageClass", Item::text(class)));
            }
        } else {
            return Err(format!(
                "`{name}` is neither a directory of its own nor a ConfigMap's files"
            ));
        }
        if self.volumes.iter().any(|v| v.key == name) {
            return Err(format!("`{name}` is mounted already"));
        }
        self.claim(path)?;
        self.volumes.push(field(name, Item::Fields(fields)));
        Ok(())
    }

    /// The keys of a ConfigMap as files.
    fn config(
        &mut self,
        object: &Object,
        volume: &str,
        path: &str,
        sub_path: Option<&str>,
        around: &mut Around,
    ) -> Result<(), String> {
        let map = object.get(&format!("{volume}/configMap/name"));
        let map = map.as_str().unwrap_or_default().to_owned();
        let Some(keys) = around.keys(&object.namespace, &map) else {
            return Err(format!("ConfigMap `{map}` is not among the manifests"));
        };
        let items = object.get(&format!("{volume}/configMap/items")).as_array();
        let pairs: Vec<(String, String)> = match items {
            None => keys.into_iter().map(|k| (k.clone(), k)).collect(),
            Some(items) => items
                .iter()
                .filter_map(|i| {
                    let text = |key: &str| i.get(key).and_then(Value::as_str).map(str::to_owned);
                    Some((text("key")?, text("path")?))
                })
                .collect(),
        };
        let mut files = Vec::new();
        for (key, file) in pairs {
            let at = match sub_path {
                Some(wanted) if wanted != file => continue,
                Some(_) => path.to_owned(),
                None => format!("{}/{file}", path.trim_end_matches('/')),
            };
            if !is_plain(&at) {
                return Err(format!("`{at}` is not the plain path of a file"));
            }
            let Some(text) = around.config(&object.namespace, &map, &key) else {
                return Err(format!("ConfigMap `{map}` has no text `{key}`"));
            };
            files.push((at, text));
        }
        if files.is_empty() {
            return Err(format!("nothing of ConfigMap `{map}` is mounted there"));
        }
        for (at, text) in files {
            self.claim(&at)?;
            self.files.push(field(&at, Item::text(text)));
        }
        Ok(())
    }

    fn claim(&mut self, path: &str) -> Result<(), String> {
        if self.paths.iter().any(|p| p == path) {
            return Err(format!("something else stands at `{path}`"));
        }
        self.paths.push(path.to_owned());
        Ok(())
    }
}

fn quantity(size: &str) -> Result<(), String> {
    let zero = Quantity::parse("0");
    match Quantity::parse(size).is_some_and(|q| zero.is_some_and(|zero| q > zero)) {
        true => Ok(()),
        false => Err(format!("its size `{size}` is not more than nothing")),
    }
}

/// Absolute, and nothing but itself.
fn is_plain(path: &str) -> bool {
    let parts = path.strip_prefix('/').map(|rest| rest.split('/'));
    !path.contains(':') && parts.is_some_and(|mut p| p.all(|p| !matches!(p, "" | "." | "..")))
}
