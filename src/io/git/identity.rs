//! Who commits, and when: `GIT_*` environment, else git configuration, else regen itself.

use anyhow::{Context as _, bail};

/// The name and address of commits that nobody else answers for.
const NAME: &str = "regen";
const EMAIL: &str = "regen@localhost";

/// One person and a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset: i32,
}

/// The author and the committer of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// A sentence for the user, where regen had to answer for itself.
    pub note: Option<String>,
}

impl Identity {
    /// Asks the environment and the configuration of a repository.
    ///
    /// `GIT_AUTHOR_DATE` and `GIT_COMMITTER_DATE` win over `SOURCE_DATE_EPOCH`, which wins over
    /// the clock.
    pub(super) fn of(git: &git2::Repository) -> anyhow::Result<Self> {
        let config = git.config().and_then(|mut c| c.snapshot()).ok();
        let setting = |key: &str| {
            let text = config.as_ref().and_then(|c| c.get_string(key).ok());
            text.filter(|text| !text.trim().is_empty())
        };
        let now = i64::try_from(
            std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .context("the clock stands before 1970")?
                .as_secs(),
        )?;
        resolve(&variable, &setting, now)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|text| !text.trim().is_empty())
}

fn resolve(
    variable: &dyn Fn(&str) -> Option<String>,
    setting: &dyn Fn(&str) -> Option<String>,
    now: i64,
) -> anyhow::Result<Identity> {
    let now = match variable("SOURCE_DATE_EPOCH") {
        Some(text) => {
            let wrong = || format!("`SOURCE_DATE_EPOCH` is `{text}`, not seconds since 1970");
            text.trim().parse().with_context(wrong)?
        }
        None => now,
    };
    let mut unknown = false;
    let mut person = |role: &str| -> anyhow::Result<Person> {
        let upper = role.to_uppercase();
        let name = variable(&format!("GIT_{upper}_NAME"))
            .or_else(|| setting(&format!("{role}.name")))
            .or_else(|| setting("user.name"));
        let email = variable(&format!("GIT_{upper}_EMAIL"))
            .or_else(|| setting(&format!("{role}.email")))
            .or_else(|| setting("user.email"))
            .or_else(|| variable("EMAIL"));
        unknown |= name.is_none() || email.is_none();
        let date = format!("GIT_{upper}_DATE");
        let (seconds, offset) = match variable(&date) {
            Some(text) => match parse_date(&text) {
                Some(date) => date,
                None => bail!(
                    "`{date}` is `{text}`, which is no date; write `2026-11-25T10:00:00Z` or `@1700000000 +0100`"
                ),
            },
            None => (now, 0),
        };
        // What would end the field in the commit cannot be part of it.
        let clean = |text: String| {
            text.replace(['<', '>', '\n', '\r', '\0'], "")
                .trim()
                .to_owned()
        };
        let or = |text: Option<String>, default: &str| {
            text.map(clean)
                .filter(|t| !t.is_empty())
                .unwrap_or_else(|| default.to_owned())
        };
        Ok(Person {
            name: or(name, NAME),
            email: or(email, EMAIL),
            seconds,
            offset,
        })
    };
    let author = person("author")?;
    let committer = person("committer")?;
    let note = unknown.then(|| {
        format!(
            "git knows no name or address for you, so the commit is by {} <{}>; set them with \
             `git config --global user.name` and `user.email`",
            author.name, author.email
        )
    });
    Ok(Identity {
        author,
        committer,
        note,
    })
}

impl Person {
    pub(super) fn signature(&self) -> anyhow::Result<git2::Signature<'static>> {
        let when = git2::Time::new(self.seconds, self.offset);
        git2::Signature::new(&self.name, &self.email, &when)
            .with_context(|| format!("cannot sign as {} <{}>", self.name, self.email))
    }
}

/// Git's internal form (`@1700000000 +0100`, the `@` and the zone optional), RFC 3339 or
/// RFC 2822: seconds since 1970 and minutes east of UTC.
fn parse_date(text: &str) -> Option<(i64, i32)> {
    let text = text.trim();
    let mut words = text.strip_prefix('@').unwrap_or(text).split_whitespace();
    if let Some(Ok(seconds)) = words.next().map(str::parse::<i64>) {
        let offset = match words.next() {
            None => 0,
            Some(zone) => zone_minutes(zone)?,
        };
        return words.next().is_none().then_some((seconds, offset));
    }
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some((zoned.timestamp().as_second(), zoned.offset().seconds() / 60));
    }
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    let zone = text.get(text.len().saturating_sub(6)..).unwrap_or_default();
    let offset = zone_minutes(&zone.replace(':', "")).unwrap_or(0);
    Some((timestamp.as_second(), offset))
}

/// `+hhmm` or `-hhmm`.
fn zone_minutes(zone: &str) -> Option<i32> {
    let (sign, digits) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    (number % 100 < 60 && number / 100 <= 14).then_some(sign * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |key| {
            pairs
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, v)| (*v).to_owned())
        }
    }

    #[test]
    fn dates_are_read_as_git_reads_them() {
        for (text, expected) in [
            ("@1700000000 +0130", Some((1_700_000_000, 90))),
            ("1700000000 -0500", Some((1_700_000_000, -300))),
            ("1700000000", Some((1_700_000_000, 0))),
            ("2023-11-14T22:13:20Z", Some((1_700_000_000, 0))),
            ("2023-11-14T23:13:20+01:00", Some((1_700_000_000, 60))),
            ("Tue, 14 Nov 2023 22:13:20 +0000", Some((1_700_000_000, 0))),
            ("yesterday", None),
            ("1700000000 later", None),
            ("1700000000 +01000", None),
            ("", None),
        ] {
            assert_eq!(parse_date(text), expected, "{text}");
        }
    }

    #[test]
    fn environment_wins_over_configuration_wins_over_regen() {
        let config = from(&[("user.name", "Config"), ("user.email", "c@example.com")]);
        let env = from(&[("GIT_AUTHOR_NAME", "Env <x>"), ("SOURCE_DATE_EPOCH", "7")]);
        let identity = resolve(&env, &config, 1).expect("resolves");
        assert_eq!(
            identity.author.name, "Env x",
            "brackets would end the field"
        );
        assert_eq!(identity.author.email, "c@example.com");
        assert_eq!(identity.committer.name, "Config");
        assert_eq!((identity.author.seconds, identity.note), (7, None));

        let nobody = resolve(&from(&[]), &from(&[]), 1).expect("resolves");
        assert_eq!(nobody.author.name, NAME);
        assert_eq!(nobody.committer.email, EMAIL);
        assert_eq!(nobody.author.seconds, 1);
        assert!(nobody.note.expect("told").contains("user.name"));

        for (name, text) in [("SOURCE_DATE_EPOCH", "x"), ("GIT_AUTHOR_DATE", "noon")] {
            let pairs = [(name, text)];
            let error = resolve(&from(&pairs), &from(&[]), 1).expect_err(name);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
