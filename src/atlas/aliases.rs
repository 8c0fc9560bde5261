//! Host names to whether Route 53 answers them by an alias.

/// Suffixes of AWS's own load balancers and edges, for which external-dns writes alias records
/// rather than CNAMEs. external-dns 0.22, `provider/aws/aws.go` (`canonicalHostedZones`) and
/// `docs/tutorials/aws.md`.
const SUFFIXES: &[&str] = &[
    ".cloudfront.net",
    ".awsglobalaccelerator.com",
    ".elasticbeanstalk.com",
];

/// Whether a record that points to this host is an alias for Route 53.
pub fn is_alias(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    (amazon && host.contains(".elb.")) || SUFFIXES.iter().any(|s| host.ends_with(s))
}

#[cfg(test)]
mod tests {
    use super::is_alias;

    #[test]
    fn load_balancers_of_aws_are_aliases_and_names_of_ones_own_are_not() {
        for (host, alias) in [
            ("a1b2-0123.eu-west-1.elb.amazonaws.com", true),
            ("net-01.elb.eu-west-1.amazonaws.com", true),
            ("NET-01.elb.cn-north-1.amazonaws.com.cn", true),
            ("d111.cloudfront.net", true),
            ("a1.awsglobalaccelerator.com", true),
            ("ingress.euw1-a.shop.example", false),
            ("elb.amazonaws.com.shop.example", false),
            ("ec2-1-2-3-4.eu-west-1.compute.amazonaws.com", false),
        ] {
            assert_eq!(is_alias(host), alias, "{host}");
        }
    }
}
