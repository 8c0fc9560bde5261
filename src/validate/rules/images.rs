//! Images that mean the same tomorrow.

use super::lookup::fault;
use crate::diag::{Code, Sink, Spanned};
use crate::model::world::CacheTier;
use crate::validate::Facts;

/// Every image has a tag that is not `latest`, or better a digest.
pub(super) fn pinned(facts: &Facts<'_>, sink: &mut Sink) {
    let mut loose: Vec<&Spanned<String>> = Vec::new();
    let mut total = 0;
    for image in images(facts) {
        total += 1;
        match judge(&image.value) {
            Verdict::Digest => {}
            Verdict::Tag => loose.push(image),
            Verdict::Wrong(why, remedy) => sink.emit(
                fault(
                    Code::ImageTag,
                    format!("the image `{}` {why}", image.value),
                    image.span,
                )
                .help(remedy),
            ),
        }
    }
    if let Some(first) = loose.first() {
        sink.emit(
            fault(
                Code::ImageDigest,
                format!(
                    "{} of {total} images are named by tag, which can be moved",
                    loose.len()
                ),
                first.span,
            )
            .help("name them by digest: `image:tag@sha256:...`"),
        );
    }
}

/// Every image is from one of the fleet's registries, where it names some.
pub(super) fn registries(facts: &Facts<'_>, sink: &mut Sink) {
    let allowed = &facts.world.fleet.platform.registries;
    let (Some(first), Some(last)) = (allowed.first(), allowed.last()) else {
        return;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    for registry in allowed.iter().filter(|r| !r.value.chars().all(plain)) {
        let message = format!("`{}` is no registry", registry.value);
        sink.emit(
            fault(Code::InvalidValue, message, registry.span)
                .help("write a host, or a host and a path: `registry.example/shop`"),
        );
    }
    let from = |image: &str, registry: &str| {
        let rest = image.strip_prefix(registry);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    for image in images(facts) {
        if !allowed.iter().any(|r| from(&image.value, &r.value)) {
            sink.emit(
                fault(
                    Code::ImageRegistry,
                    format!(
                        "the image `{}` is from none of the fleet's registries",
                        image.value
                    ),
                    image.span,
                )
                .see(first.span.to(last.span), "only from these")
                .help("push it to one of them, or add its registry to `platform.registries`"),
            );
        }
    }
}

fn images<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Spanned<String>> {
    let written = facts.raw.services.iter().flat_map(|entry| {
        let workload = &entry.service.workload;
        let init = workload.init.iter().map(|c| &c.value.image);
        std::iter::once(&workload.image).chain(init)
    });
    let exposures = facts
        .world
        .services
        .values()
        .filter_map(|s| s.exposure.as_ref());
    let caches = exposures.filter_map(|e| e.cache.as_ref());
    let varnish = caches.filter(|c| c.tier.value == CacheTier::Varnish);
    let report = facts.world.fleet.drift.report.as_ref();
    written
        .chain(varnish.map(|c| &c.image))
        .chain(report.map(|r| &r.image))
}

enum Verdict {
    Digest,
    Tag,
    Wrong(&'static str, &'static str),
}

fn judge(image: &str) -> Verdict {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let path = name.rsplit('/').next().unwrap_or(name);
    let (repository, tag) = match path.split_once(':') {
        Some((repository, tag)) => (repository, Some(tag)),
        None => (path, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    if repository.is_empty() || !name.chars().all(plain) || tag == Some("") {
        return Verdict::Wrong(
            "is no image name",
            "write `registry/name:tag`, or `name@sha256:...`",
        );
    }
    match (digest, tag) {
        (Some(digest), _) => {
            let hex = digest.strip_prefix("sha256:").unwrap_or("");
            let right = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            match right {
                true => Verdict::Digest,
                false => Verdict::Wrong(
                    "has a malformed digest",
                    "write `@sha256:` and 64 hexadecimal digits",
                ),
            }
        }
        (None, Some("latest")) => Verdict::Wrong(
            "is whatever was pushed last",
            "name a version, or better a digest: `@sha256:...`",
        ),
        (None, None) => Verdict::Wrong(
            "has no tag, which means `latest`",
            "name a version, or better a digest: `@sha256:...`",
        ),
        (None, Some(_)) => Verdict::Tag,
    }
}
