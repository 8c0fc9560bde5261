//! Host names to whether Route 53 answers them by an alias, and for how long that is cached.
//!
//! external-dns writes alias records, not CNAMEs, for AWS's own load balancers and edges (0.22,
//! `provider/aws/aws.go`: `canonicalHostedZones`). An alias carries no TTL: `newChange` sends
//! `AliasTarget` alone, and the 300 s that `adjustAliasRecord` sets are for its own comparison.
//! Route 53 answers with the TTL of the target.

/// Load balancers: 60 s, fixed. Route 53's FAQ ("alias records, which have fixed TTLs of 60
/// seconds"); Elastic Load Balancing, Request routing.
const LOAD_BALANCER: u32 = 60;

/// Suffixes of other targets, with what they are answered with in seconds. AWS publishes none of
/// these: CloudFront and Elastic Beanstalk answer with 60 s; for accelerators, whose addresses
/// never change, 300 s is assumed.
const SUFFIXES: &[(&str, u32)] = &[
    (".cloudfront.net", 60),
    (".awsglobalaccelerator.com", 300),
    (".elasticbeanstalk.com", 60),
];

/// How many seconds resolvers keep the answer of a record that points to this host, where that is
/// an alias for Route 53 and no TTL of its own counts.
pub fn alias_seconds(host: &str) -> Option<u32> {
    let host = host.to_ascii_lowercase();
    let amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    if amazon && host.contains(".elb.") {
        return Some(LOAD_BALANCER);
    }
    let known = SUFFIXES.iter().find(|(suffix, _)| host.ends_with(suffix));
    known.map(|(_, seconds)| *seconds)
}

#[cfg(test)]
mod tests {
    use super::alias_seconds;

    #[test]
    fn load_balancers_of_aws_are_aliases_and_names_of_ones_own_are_not() {
        for (host, seconds) in [
            ("a1b2-0123.eu-west-1.elb.amazonaws.com", Some(60)),
            ("net-01.elb.eu-west-1.amazonaws.com", Some(60)),
            ("NET-01.elb.cn-north-1.amazonaws.com.cn", Some(60)),
            ("d111.cloudfront.net", Some(60)),
            ("a1.awsglobalaccelerator.com", Some(300)),
            ("ingress.euw1-a.shop.example", None),
            ("elb.amazonaws.com.shop.example", None),
            ("ec2-1-2-3-4.eu-west-1.compute.amazonaws.com", None),
        ] {
            assert_eq!(alias_seconds(host), seconds, "{host}");
        }
    }
}
