use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> Option<String> {
    Quantity::parse(text).map(|q| q.to_string())
}

#[test]
fn the_canonical_form_is_the_api_servers() {
    for (text, expected) in [
        ("0", "0"),
        ("-0", "0"),
        ("0Gi", "0"),
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1536Mi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("0.5Ki", "512"),
        ("1.1Ki", "1126400m"),
        ("0.1Ki", "102400m"),
        ("1023", "1023"),
        ("1023Ki", "1023Ki"),
        ("1000Ki", "1000Ki"),
        ("100.5m", "100500u"),
        ("1500", "1500"),
        ("1000", "1k"),
        ("128974848000", "128974848k"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("1E", "1E"),
        ("12e6", "12e6"),
        ("1e4", "10e3"),
        ("1e-1", "100e-3"),
        ("1.G", "1G"),
        (".5", "500m"),
        ("+1", "1"),
        ("-1.5Gi", "-1536Mi"),
        ("-0.5", "-500m"),
        ("0001", "1"),
        ("0.1n", "1n"),
        ("-0.1n", "-1n"),
        ("1.0000000001", "1000000001n"),
        ("9223372036854775807", "9223372036854775807"),
        ("7Ei", "7Ei"),
        ("100k", "100k"),
    ] {
        assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_quantity_or_too_large_is_none() {
    let long = "9".repeat(100_000);
    for text in [
        "",
        "-",
        "+",
        ".",
        "-.",
        "Gi",
        "1K",
        "1gi",
        "1 Gi",
        " 1",
        "1Gi ",
        "1e",
        "1e+",
        "--1",
        "1.2.3",
        "1,5",
        "0x10",
        "NaN",
        "inf",
        "1iK",
        "١",
        "8Ei",
        "10E",
        "1e30",
        "1e99999999999",
        "9223372036854775808",
        &long,
    ] {
        assert_eq!(canonical(text), None, "{text:.40}");
    }
    let fine = format!("0.{}1", "0".repeat(100_000));
    assert_eq!(canonical(&fine).as_deref(), Some("1n"));
    assert_eq!(canonical("1e-9999999999").as_deref(), Some("1e-9"));
    assert_eq!(canonical("0e9999999999").as_deref(), Some("0"));
}

#[test]
fn arithmetic_is_exact_or_refused() {
    let q = |text: &str| Quantity::parse(text).expect(text);
    let text = |q: Option<Quantity>| q.map(|q| q.to_string());
    assert_eq!(
        text(q("1Gi").checked_add(q("512Mi"))).as_deref(),
        Some("1536Mi")
    );
    assert_eq!(
        text(Quantity::ZERO.checked_add(q("1Gi"))).as_deref(),
        Some("1Gi")
    );
    assert_eq!(
        text(q("100m").checked_sub(q("1"))).as_deref(),
        Some("-900m")
    );
    assert!(q("-1n").is_negative());
    assert_eq!(text(q("200m").times(40)).as_deref(), Some("8"));
    assert_eq!(text(q("7Ei").times(2)), None);
    assert_eq!(text(q("1").times(u64::MAX)), None);
    assert_eq!(text(q("7Ei").checked_add(q("7Ei"))), None);
    assert_eq!(
        text(q("3").scaled(Share::ppm(200_000))).as_deref(),
        Some("600m")
    );
    assert_eq!(text(q("1n").scaled(Share::ppm(1))).as_deref(), Some("1n"));
    assert_eq!(q("100.5m").rounded_up_to_milli().to_string(), "101m");
    assert_eq!(q("-100.5m").rounded_up_to_milli().to_string(), "-101m");
    assert_eq!(q("1Gi"), q("1024Mi"));
    assert_ne!(q("1G"), q("1Gi"));
}

proptest! {
    #[test]
    fn display_reads_back_as_the_same(nano in -MAX..=MAX, family in 0..3) {
        let family = [Family::Decimal, Family::Binary, Family::Exponent][family as usize];
        let quantity = Quantity { nano, family };
        let text = quantity.to_string();
        let back = Quantity::parse(&text).expect("canonical");
        prop_assert_eq!(back, quantity);
        prop_assert_eq!(back.to_string(), text);
    }

    /// The oracle: numerator and denominator as integers, compared crosswise.
    #[test]
    fn order_agrees_with_rationals(
        a in (-999_999_i64..=999_999, 0_u32..=6, 0_usize..13),
        b in (-999_999_i64..=999_999, 0_u32..=6, 0_usize..13),
    ) {
        const SUFFIXES: [(&str, i128, i128); 13] = [
            ("", 1, 1), ("m", 1, 1000), ("u", 1, 1_000_000), ("k", 1000, 1),
            ("M", 1_000_000, 1), ("G", NANO, 1), ("T", 1_000_000_000_000, 1),
            ("Ki", 1 << 10, 1), ("Mi", 1 << 20, 1), ("Gi", 1 << 30, 1), ("Ti", 1 << 40, 1),
            ("e3", 1000, 1), ("e-2", 1, 100),
        ];
        let make = |(digits, point, suffix): (i64, u32, usize)| {
            let (name, over, under) = SUFFIXES[suffix];
            let scale = 10_i64.pow(point);
            let sign = if digits < 0 { "-" } else { "" };
            let (whole, rest) = (digits.abs() / scale, digits.abs() % scale);
            let text = if point == 0 {
                format!("{digits}{name}")
            } else {
                format!("{sign}{whole}.{rest:0width$}{name}", width = point as usize)
            };
            (text, i128::from(digits) * over, i128::from(scale) * under)
        };
        let ((a, an, ad), (b, bn, bd)) = (make(a), make(b));
        // What is finer than a billionth rounds, so only exact values are compared.
        prop_assume!((an * NANO) % ad == 0 && (bn * NANO) % bd == 0);
        let (qa, qb) = (Quantity::parse(&a).expect("valid"), Quantity::parse(&b).expect("valid"));
        prop_assert_eq!(qa.cmp(&qb), (an * bd).cmp(&(bn * ad)), "{} {}", a, b);
    }

    #[test]
    fn any_text_is_answered(text in "[-+]?[0-9.]{0,40}([eE][-+]?[0-9]{0,12})?[a-zA-Z]{0,2}") {
        let _ = Quantity::parse(&text);
    }
}
