//! What was printed, beside what should be.

use std::path::Path;

use crate::support::Ran;

/// Compares a run, ids of commits aside, with `expect/<name>.txt`.
#[track_caller]
pub(crate) fn printed(name: &str, ran: &Ran) {
    let printed = without_ids(&ran.text());
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cli/expect")
        .join(format!("{name}.txt"));
    if std::env::var_os("REGEN_BLESS").is_some() {
        std::fs::write(&path, printed).expect("written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        printed == expected,
        "{} says\n{expected}\nbut this was printed\n{printed}",
        path.display()
    );
}

/// Ids of commits differ every time.
fn without_ids(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let id = word.trim_end();
        let hexadecimal = id.len() == 10 && id.bytes().all(|b| b.is_ascii_hexdigit());
        if hexadecimal {
            word.replace(id, "<id>")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}
