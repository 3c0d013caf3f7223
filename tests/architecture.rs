//! The house holds its own plan: floors only look down, what differs between systems stays in
//! `src/sys`, files stay short. The plan is drawn in `src/lib.rs`; the table below is its arrows.
//!
//! Source is read as tokens, so that comments and text in quotes mean nothing.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module right under `src`: on which floor it lives and which others it may name.
struct Room {
    name: &'static str,
    floor: u32,
    may_use: &'static [&'static str],
}

/// Floor 1 is one floor of plain data and the contract with the system: its rooms know each other.
const HOUSE: &[Room] = &[
    Room { name: "chunk", floor: 1, may_use: &[] },
    Room { name: "words", floor: 1, may_use: &[] },
    Room { name: "trace", floor: 1, may_use: &["plan", "sys"] },
    Room { name: "plan", floor: 1, may_use: &["chunk", "workload", "program", "sys"] },
    Room { name: "workload", floor: 1, may_use: &["plan"] },
    Room { name: "program", floor: 1, may_use: &["plan", "trace"] },
    Room { name: "sys", floor: 1, may_use: &["plan", "trace"] },
    Room { name: "engine", floor: 2, may_use: &["trace", "plan", "chunk", "workload", "program", "sys"] },
    Room { name: "model", floor: 2, may_use: &["trace", "plan", "chunk", "words"] },
    Room { name: "session", floor: 2, may_use: &["trace", "plan", "sys"] },
    Room { name: "lesson", floor: 3, may_use: &["plan", "model"] },
    Room { name: "python", floor: 3, may_use: &["plan", "workload", "program"] },
    Room { name: "sim", floor: 3, may_use: &["trace", "plan", "chunk", "model"] },
    Room { name: "export", floor: 3, may_use: &["trace", "model"] },
    Room {
        name: "gui",
        floor: 4,
        may_use: &[
            "trace", "plan", "chunk", "words", "workload", "program", "model", "session", "lesson", "python", "sim",
            "export",
        ],
    },
    Room {
        name: "cli",
        floor: 5,
        may_use: &[
            "trace", "plan", "chunk", "words", "workload", "program", "sys", "model", "session", "lesson", "sim",
            "export", "gui",
        ],
    },
];

/// All of the window that the command line may name.
const FRONT_DOOR: &[&str] = &["run", "Options", "WindowError"];

/// The most lines of a file, its tests not counted.
const MOST_LINES: usize = 450;

/// A file under `src`.
struct Source {
    /// Relative to `src`, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Every file under `src`.
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("src can be listed") {
                let path = entry.expect("src can be listed").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).expect("sources are text");
                    let path = path.strip_prefix(&root).expect("it was found there");
                    found.push(Self { path: path.to_string_lossy().replace('\\', "/"), text });
                }
            }
        }
        assert!(found.len() > 10, "the house was not found");
        found
    }

    /// The module right under `src` that this file belongs to: `gui/panels/mod.rs` → `gui`.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep its own items lie: `plan.rs` → 1, `gui/panels/mod.rs` → 2.
    fn depth(&self) -> usize {
        let path = self.path.strip_suffix("/mod.rs").unwrap_or(&self.path);
        path.split('/').count()
    }

    /// Whether this is `main.rs` or `lib.rs`, which stand outside the floors.
    fn is_root(&self) -> bool {
        matches!(self.path.as_str(), "main.rs" | "lib.rs")
    }

    fn tokens(&self) -> Vec<TokenTree> {
        let stream: TokenStream = self.text.parse().unwrap_or_else(|error| panic!("src/{}: {error}", self.path));
        stream.into_iter().collect()
    }
}

/// Calls `look` with every place in the tokens, inside groups too: the token and what follows it.
fn everywhere(tokens: &[TokenTree], look: &mut dyn FnMut(&[TokenTree])) {
    for (place, token) in tokens.iter().enumerate() {
        look(&tokens[place..]);
        if let TokenTree::Group(group) = token {
            everywhere(&group.stream().into_iter().collect::<Vec<_>>(), look);
        }
    }
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

/// What follows `::`, if it comes first.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    match tokens {
        [first, second, rest @ ..] if colon(first) && colon(second) => Some(rest),
        _ => None,
    }
}

/// The paths that a path's end stands for: `a::b` is one, `{a::b, c}` are two, `*` is the empty one.
fn ends(tokens: &[TokenTree]) -> Vec<Vec<String>> {
    match tokens.first() {
        Some(TokenTree::Ident(name)) => {
            let tails = after_colons(&tokens[1..]).map_or_else(|| vec![Vec::new()], ends);
            tails.into_iter().map(|tail| [vec![name.to_string()], tail].concat()).collect()
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            inner.split(comma).filter(|part| !part.is_empty()).flat_map(ends).collect()
        }
        _ => vec![Vec::new()],
    }
}

/// The paths a file names from the crate's root on, whether by `crate::` or by enough `super::`.
fn paths_from_root(source: &Source) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut supers = 0;
    everywhere(&source.tokens(), &mut |here| {
        let Some(rest) = here.get(1..).and_then(after_colons) else { return };
        if is_word(here.first(), "crate") {
            found.extend(ends(rest));
        } else if is_word(here.first(), "super") {
            supers += 1;
            if !is_word(rest.first(), "super") {
                if supers >= source.depth() {
                    found.extend(ends(rest));
                }
                supers = 0;
            }
        }
    });
    found
}

/// Rule: a module names only those that its row of the table allows.
fn arrows(source: &Source) -> Vec<String> {
    if source.is_root() {
        return Vec::new();
    }
    let (path, name) = (&source.path, source.room());
    let Some(room) = HOUSE.iter().find(|room| room.name == name) else {
        return vec![format!(
            "src/{path}: `{name}` has no row in the table of tests/architecture.rs. Give it a floor there, and a line \
             in the plan in src/lib.rs."
        )];
    };
    let mut wrong = Vec::new();
    for used in paths_from_root(source) {
        let Some(target) = used.first().filter(|target| HOUSE.iter().any(|room| room.name == target.as_str())) else {
            continue;
        };
        if target != name && !room.may_use.contains(&target.as_str()) {
            wrong.push(format!(
                "src/{path} names `{}`, but `{name}` may use only {:?}. Move what it needs to a lower floor, or hand \
                 it in as an argument; a new arrow needs a reason in the table of tests/architecture.rs.",
                used.join("::"),
                room.may_use
            ));
        }
        let behind_the_door = used.get(1).is_some_and(|item| !FRONT_DOOR.contains(&item.as_str()));
        if target == "gui" && name == "cli" && behind_the_door {
            wrong.push(format!(
                "src/{path} names `{}`, but of the window the command line knows only {FRONT_DOOR:?}. What both need \
                 belongs on a lower floor.",
                used.join("::")
            ));
        }
    }
    wrong
}

/// Rule: `unsafe`, and everything that differs between systems, is in `src/sys`.
fn systems(source: &Source) -> Vec<String> {
    if source.room() == "sys" {
        return Vec::new();
    }
    let mut found = Vec::new();
    everywhere(&source.tokens(), &mut |here| {
        if is_word(here.first(), "unsafe") {
            found.push("`unsafe`".to_owned());
        }
        if is_word(here.first(), "cfg") || is_word(here.first(), "cfg_attr") {
            let bang = matches!(here.get(1), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
            if let Some(TokenTree::Group(group)) = here.get(1 + usize::from(bang)) {
                let condition: Vec<TokenTree> = group.stream().into_iter().collect();
                everywhere(&condition, &mut |inside| {
                    let systems = ["unix", "windows", "target_os", "target_family"];
                    let named = systems.iter().filter(|word| is_word(inside.first(), word));
                    found.extend(named.map(|word| format!("a condition on `{word}`")));
                });
            }
        }
        let next = here.get(1..).and_then(after_colons);
        if is_word(here.first(), "std") && next.is_some_and(|next| is_word(next.first(), "os")) {
            found.push("`std::os`, which differs between systems".to_owned());
        }
    });
    let advice = "Invariant 7: put it behind a name in src/sys/mod.rs, with its promise in the table there.";
    found.into_iter().map(|what| format!("src/{} has {what}. {advice}", source.path)).collect()
}

/// Rule: a file is read in one sitting.
fn length(source: &Source) -> Vec<String> {
    let lines = source.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    if lines <= MOST_LINES {
        return Vec::new();
    }
    vec![format!(
        "src/{} has {lines} lines before its tests, and {MOST_LINES} are the limit. Find the two subjects in it and \
         give each a file.",
        source.path
    )]
}

/// Rule: a public module says what it is, in its own first line or above its declaration.
fn documented(source: &Source, all: &[Source]) -> Vec<String> {
    let folder = match source.path.rsplit_once('/') {
        _ if source.is_root() => PathBuf::new(),
        Some((folder, "mod.rs")) => PathBuf::from(folder),
        _ => PathBuf::from(source.path.trim_end_matches(".rs")),
    };
    let mut wrong = Vec::new();
    let mut said = false;
    for line in source.text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("pub mod ").map(|rest| rest.trim_end_matches([';', '{', ' '])) {
            let files = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
            let of_module = |file: &&Source| files.iter().any(|path| path == Path::new(&file.path));
            if !said && !all.iter().find(of_module).is_some_and(|file| file.text.starts_with("//!")) {
                wrong.push(format!(
                    "src/{}: nobody says what `pub mod {name}` is. Open its file with a `//!` line.",
                    source.path
                ));
            }
        }
        said = line.starts_with("///") || (said && line.starts_with("#["));
    }
    wrong
}

/// Holds a rule against the whole house.
fn hold(rule: impl Fn(&Source) -> Vec<String>) {
    let wrong: Vec<String> = Source::all().iter().flat_map(rule).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn floors_only_look_down() {
    hold(arrows);
    let floor = |name: &str| HOUSE.iter().find(|room| room.name == name).map(|room| room.floor);
    for Room { name, floor: own, may_use } in HOUSE {
        for used in *may_use {
            let used_floor = floor(used).unwrap_or_else(|| panic!("{name} may use {used}, which has no row"));
            assert!(used_floor < *own || used_floor == 1, "{name} on floor {own} looks up to {used} on {used_floor}");
        }
    }
}

#[test]
fn what_differs_between_systems_lives_in_sys() {
    hold(systems);
}

#[test]
fn files_stay_short() {
    hold(length);
}

#[test]
fn public_modules_say_what_they_are() {
    let all = Source::all();
    hold(|source| documented(source, &all));
}

mod each_rule_can_fail {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn arrows_are_found_however_they_are_written() {
        for (path, text) in [
            ("model/mod.rs", "use crate::sys::now_ns;"),
            ("model/mod.rs", "use crate::{trace::Event, sys};"),
            ("model/mod.rs", "use crate::{trace::{Event, What}, sys::{self}};"),
            ("model/mod.rs", "fn f() -> u64 { g(crate::sys::now_ns()) }"),
            ("model/lane.rs", "use super::super::sys;"),
            ("model/mod.rs", "use super::{chunk, sys};"),
            ("plan.rs", "use crate::gui::theme::Theme;"),
            ("gui/app.rs", "impl From<crate::engine::Pool> for App {}"),
            ("cli/show.rs", "use crate::gui::theme::Theme;"),
            ("attic/mod.rs", "fn nobody_knows_this_room() {}"),
        ] {
            assert_eq!(arrows(&source(path, text)).len(), 1, "{path}: {text}");
        }
        for (path, text) in [
            ("model/lane.rs", "use crate::trace::Exit;\nuse super::Sum;\nuse crate::model::Run;"),
            ("model/lane.rs", "//! See [`crate::gui`].\nconst NAME: &str = \"crate::sys\"; // crate::sys::now_ns"),
            ("cli/window.rs", "fn f() { crate::gui::run(crate::gui::Options { open: None }); }"),
            ("main.rs", "use crate::engine;"),
        ] {
            assert_eq!(arrows(&source(path, text)), [""; 0], "{path}: {text}");
        }
    }

    #[test]
    fn system_differences_are_found() {
        for text in [
            "fn f() { unsafe { g() } }",
            "#[cfg(unix)] fn f() {}",
            "#[cfg(not(windows))] fn f() {}",
            "#[cfg_attr(target_os = \"macos\", ignore)] fn f() {}",
            "fn f() -> bool { cfg!(any(test, target_family = \"wasm\")) }",
            "use std::os::fd::AsRawFd;",
        ] {
            assert_eq!(systems(&source("session.rs", text)).len(), 1, "{text}");
            assert_eq!(systems(&source("sys/unix/mod.rs", text)), [""; 0], "{text}");
        }
        let fine = "#[cfg(test)] mod tests {}\n#[cfg(feature = \"gui\")] fn f() {}\n/// Not unsafe on unix.\nfn g() {}";
        assert_eq!(systems(&source("session.rs", fine)), [""; 0]);
    }

    #[test]
    fn long_files_are_found_but_tests_may_be_long() {
        let long = "fn f() {}\n".repeat(MOST_LINES + 1);
        assert_eq!(length(&source("plan.rs", &long)).len(), 1);
        assert_eq!(length(&source("plan.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n"))), [""; 0]);
    }

    #[test]
    fn silent_modules_are_found() {
        let silent = [source("gui/mod.rs", "pub mod theme;\n"), source("gui/theme.rs", "use egui::Color32;\n")];
        assert_eq!(documented(&silent[0], &silent).len(), 1);
        let said = [source("gui/mod.rs", "pub mod theme;\n"), source("gui/theme.rs", "//! Colours.\n")];
        assert_eq!(documented(&said[0], &said), [""; 0]);
        let above = [source("gui/mod.rs", "/// Colours.\n#[cfg(test)]\npub mod theme {\n}\n")];
        assert_eq!(documented(&above[0], &above), [""; 0]);
    }
}
