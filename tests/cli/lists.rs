//! What there is: workloads, programs, the machine.

use poolscope::program;
use poolscope::workload::REGISTRY;
use serde_json::Value;

use crate::common::{code, folder, json, poolscope, text};

#[test]
fn lists_name_what_there_is() {
    let folder = folder();
    let output = poolscope(folder.path(), &["workloads", "--json"]);
    let names: Vec<Value> =
        json(&output)["workloads"].as_array().expect("a list").iter().map(|w| w["name"].clone()).collect();
    assert_eq!(names, REGISTRY.iter().map(|workload| workload.name()).collect::<Vec<_>>());
    assert_eq!(code(&poolscope(folder.path(), &["workloads"])), Some(0));
    assert_eq!(code(&poolscope(folder.path(), &["doctor"])), Some(0));
    let version = poolscope(folder.path(), &["--version"]);
    assert_eq!(text(&version.stdout).trim(), concat!("poolscope ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_program_is_listed_with_its_knobs() {
    let folder = folder();
    let told = json(&poolscope(folder.path(), &["programs", "--json"]));
    let words = poolscope(folder.path(), &["programs"]);
    assert_eq!(code(&words), Some(0));
    let listed = told["programs"].as_array().expect("a list");
    assert_eq!(listed.len(), program::all().count());
    for topic in program::TOPICS {
        assert!(text(&words.stdout).contains(&format!("== {}\n", topic.title)), "{}", topic.title);
        let of_it = listed.iter().filter(|entry| entry["topic"] == topic.title).count();
        assert_eq!(of_it, topic.programs.len(), "{}", topic.title);
    }
    for (entry, program) in listed.iter().zip(program::all()) {
        assert_eq!(entry["name"], program.name);
        assert!(text(&words.stdout).contains(&format!("{}: {}. ", program.name, program.title)), "{}", program.name);
        for (told, knob) in entry["knobs"].as_array().expect("a list").iter().zip(program.knobs) {
            assert_eq!((&told["name"], &told["default"]), (&knob.name.into(), &knob.default.into()));
            assert_eq!((&told["low"], &told["high"]), (&knob.range.0.into(), &knob.range.1.into()));
            assert!(text(&words.stdout).contains(&format!("--knob {}=N", knob.name)), "{}", knob.name);
        }
    }
}

#[test]
fn the_help_of_run_groups_its_flags() {
    let folder = folder();
    let help = poolscope(folder.path(), &["run", "--help"]);
    assert_eq!(code(&help), Some(0));
    let heads = ["What is computed:", "Who computes:", "How the pool is used:", "What goes wrong", "What is measured"];
    let places: Vec<Option<usize>> = heads.iter().map(|head| text(&help.stdout).find(head)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
}
