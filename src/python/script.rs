//! A Python program as it is put together: imports, definitions, and what is done.

use std::collections::{BTreeMap, BTreeSet};

/// A program in the making.
#[derive(Debug, Default)]
pub(super) struct Script {
    modules: BTreeSet<String>,
    names: BTreeMap<String, BTreeSet<String>>,
    definitions: Vec<String>,
    main: Vec<String>,
}

impl Script {
    /// `import os`.
    pub(super) fn import(&mut self, module: &str) {
        self.modules.insert(module.to_owned());
    }

    /// `from time import perf_counter`.
    pub(super) fn from(&mut self, module: &str, name: &str) {
        self.names.entry(module.to_owned()).or_default().insert(name.to_owned());
    }

    /// Functions and classes; their imports go to the others.
    pub(super) fn define(&mut self, text: &str) {
        let mut rest = Vec::new();
        for line in text.lines() {
            if let Some((module, names)) = line.strip_prefix("from ").and_then(|from| from.split_once(" import ")) {
                names.split(", ").for_each(|name| self.from(module, name));
            } else if let Some(modules) = line.strip_prefix("import ") {
                modules.split(", ").for_each(|module| self.import(module));
            } else {
                rest.push(line);
            }
        }
        self.definitions.push(spaced(rest.join("\n").trim()));
    }

    /// A line of what is done, so many levels in.
    pub(super) fn line(&mut self, level: usize, line: impl AsRef<str>) {
        self.main.push(format!("{:indent$}{}", "", line.as_ref(), indent = 4 * level));
    }

    /// The whole program.
    pub(super) fn text(&self) -> String {
        let mut parts: Vec<String> = self.modules.iter().map(|module| format!("import {module}\n")).collect();
        for (module, names) in &self.names {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            parts.push(format!("from {module} import {}\n", names.join(", ")));
        }
        parts.extend(self.definitions.iter().map(|definition| format!("\n\n{definition}\n")));
        parts.push("\n\nif __name__ == \"__main__\":\n".to_owned());
        parts.extend(self.main.iter().map(|line| format!("    {line}\n")));
        parts.concat()
    }
}

/// Definitions as Python's style guide has them: two empty lines before a function or class.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if (line.starts_with("def ") || line.starts_with("class ")) && !out.is_empty() {
            out.truncate(out.trim_end().len());
            out.push_str("\n\n\n");
        }
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}
