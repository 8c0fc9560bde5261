//! A namespace of a cluster: the services in it and the resources that they may use.

use crate::model::name::{Namespace, ServiceKey};
use crate::model::world::Cluster;

use super::super::fact::Item;
use super::{Facts, Here, Members};

impl Facts<'_> {
    /// The variables of a namespace in a cluster.
    pub(super) fn namespace(
        &self,
        _cluster: &Cluster,
        namespace: &Namespace,
        services: &[(&ServiceKey, Here)],
    ) -> Members {
        vec![
            ("namespace".into(), Item::new(namespace.as_str())),
            (
                "services".into(),
                Item::list(services.iter().map(|(k, _)| Item::new(k.service.as_str()))),
            ),
        ]
    }
}
