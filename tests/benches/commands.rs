//! `regen render` and `regen check` as whole commands, beside trivial programs that write or hash
//! the same files.

use std::fs;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use regen::model::digest::Digest;
use regen::model::manifest::ManifestSet;

use super::cost::{self, Cost, shown};

/// A fleet whose commands are measured, and what they are measured against.
pub(crate) struct Bench {
    fleet: PathBuf,
    scratch: PathBuf,
    /// All rendered files in one.
    archive: PathBuf,
    objects: usize,
    runs: usize,
}

impl Bench {
    pub(crate) fn new(
        fleet: &Path,
        scratch: &Path,
        set: &ManifestSet,
        runs: usize,
    ) -> io::Result<Self> {
        let archive = scratch.join("archive");
        pack(&archive, set)?;
        Ok(Self {
            fleet: fleet.to_owned(),
            scratch: scratch.to_owned(),
            archive,
            objects: set.manifests().count(),
            runs,
        })
    }

    /// Renders in memory; the objects per second of processor time.
    pub(crate) fn rate(&self) -> io::Result<Option<f64>> {
        if !cost::measurable() {
            return Ok(None);
        }
        println!(
            "\nwhole commands, median of {}:           cpu s   wall s  peak MiB",
            self.runs
        );
        let mut costs = Vec::new();
        for _ in 0..self.runs {
            costs.push(self.run(&self.regen(&["render", "--dry-run"]))?);
        }
        let cost = shown("render --dry-run, nothing there", costs);
        let rate = self.objects as f64 / cost.cpu;
        println!("objects of render --dry-run per cpu second {rate:.0}");
        Ok(Some(rate))
    }

    /// Renders to files, in turn with a program that only writes the same ones; then looks at them,
    /// beside one that only hashes them.
    pub(crate) fn files(&self) -> io::Result<()> {
        let this = std::env::current_exe()?.display().to_string();
        let own = |args: &[&str]| -> Vec<String> {
            let args = args.iter().map(|a| (*a).to_owned());
            std::iter::once(this.clone()).chain(args).collect()
        };
        let archive = self.archive.display().to_string();
        let (mut write, mut render, mut commit) = (vec![], vec![], vec![]);
        for run in 0..self.runs {
            let dir = |name: &str| self.scratch.join(format!("{name}-{run}"));
            let copy = dir("copy").display().to_string();
            write.push(self.run(&own(&["--unpack", &archive, &copy]))?);
            let out = dir("out").display().to_string();
            render.push(self.run(&self.regen(&["render", "--out", &out]))?);
            commit.push(self.run(&self.regen(&["render", "--commit"]))?);
            if run + 1 < self.runs {
                fs::rename(self.fleet.join("gitops"), dir("gitops"))?;
            }
        }
        let (copy, out) = (self.scratch.join("copy-0"), self.scratch.join("out-0"));
        let (copy, out) = (copy.display().to_string(), out.display().to_string());
        let (mut hash, mut again, mut recommit, mut check, mut plan) =
            (vec![], vec![], vec![], vec![], vec![]);
        for _ in 0..self.runs {
            hash.push(self.run(&own(&["--hash", &copy]))?);
            check.push(self.run(&self.regen(&["check"]))?);
            again.push(self.run(&self.regen(&["render", "--out", &out]))?);
            recommit.push(self.run(&self.regen(&["render", "--commit"]))?);
            plan.push(self.run(&self.regen(&["plan"]))?);
        }
        let write = shown("write the same files", write);
        let render = shown("render --out DIR, cold", render);
        let commit = shown("render --commit, cold", commit);
        let hash = shown("hash them", hash);
        let check = shown("check, nothing changed", check);
        let again = shown("render --out DIR, nothing changed", again);
        shown("render --commit, nothing changed", recommit);
        shown("plan", plan);
        println!("\nratios of cpu (and wall):");
        for (name, a, b) in [
            ("render --out : write the same files", render, write),
            ("render --commit : write the same files", commit, write),
            ("check, nothing changed : hash them", check, hash),
            ("render --out, nothing changed : hash", again, hash),
        ] {
            println!(
                "  {name:<40}{:>7.2} ({:.2})",
                a.cpu / b.cpu,
                a.wall / b.wall
            );
        }
        Ok(())
    }

    fn regen(&self, args: &[&str]) -> Vec<String> {
        let fleet = self.fleet.display().to_string();
        [env!("CARGO_BIN_EXE_regen"), "-C", &fleet]
            .iter()
            .chain(args)
            .map(|a| (*a).to_owned())
            .collect()
    }

    fn run(&self, command: &[String]) -> io::Result<Cost> {
        cost::run(command, &self.scratch)
    }
}

/// All files of a set in one: for each a line with its length and path, then its bytes.
fn pack(archive: &Path, set: &ManifestSet) -> io::Result<()> {
    let mut out = io::BufWriter::new(fs::File::create(archive)?);
    for (path, file) in &set.files {
        writeln!(out, "{} {path}", file.text.len())?;
        out.write_all(file.text.whole().as_bytes())?;
    }
    out.flush()
}

/// The trivial program: writes the files of an archive below a directory.
pub(crate) fn unpack(archive: &Path, dir: &Path) -> io::Result<()> {
    let mut archive = io::BufReader::new(fs::File::open(archive)?);
    let (mut head, mut bytes) = (String::new(), Vec::new());
    while archive.read_line(&mut head)? > 0 {
        let (length, path) = head
            .trim_end()
            .split_once(' ')
            .expect("a length and a path");
        let path = dir.join(path);
        bytes.resize(length.parse().expect("a length"), 0);
        archive.read_exact(&mut bytes)?;
        fs::create_dir_all(path.parent().expect("below the directory"))?;
        fs::write(path, &bytes)?;
        head.clear();
    }
    Ok(())
}

/// The other trivial program: reads and hashes every file below a directory.
pub(crate) fn hash(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            hash(&entry.path())?;
        } else {
            std::hint::black_box(Digest::of(&fs::read(entry.path())?));
        }
    }
    Ok(())
}
