//! Rust against Python: the same items, and the same results of them, by the programs that students read.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::{Here, REGISTRY};

/// A workload, how its result `r` is written as bytes in Python, and which items of which presets are
/// cheap enough to compute there.
type Check = (&'static str, &'static str, &'static [(&'static str, &'static [u64])]);

const CHECKS: &[Check] = &[
    ("primes", "bytes([r])", &[("small-4", &[0, 1, 2, 3]), ("odd-1000", &[0, 9, 999]), ("workout", &[0, 1])]),
    ("count-primes", "pack('<Q', r)", &[("short", &[0, 1, 99]), ("to-1-mio", &[0])]),
    ("squares", "pack('<Q', r)", &[("count-up", &[0, 11])]),
    ("mandelbrot", "r", &[("tiles", &[0, 5, 191])]),
    ("image-blur", "r", &[("soft", &[0, 100, 255]), ("strong", &[100])]),
    ("monte-carlo-pi", "pack('<Q', r)", &[("few-darts", &[0, 11])]),
    ("sha256-search", "pack('<2Q', *r)", &[("short", &[0, 11]), ("search", &[1])]),
    ("matmul", "pack('<2d', *r)", &[("small", &[0, 15])]),
    ("skewed", "pack('<Q', r)", &[("tiny", &[0, 63]), ("ascending", &[0])]),
    ("word-count", "pack('<4Q', *r[:3], len(r[3])) + r[3]", &[("near", &[0, 50, 98]), ("words", &[0, 1, 50, 98])]),
    ("features", "pack('<2d3Q', *r)", &[("periods", &[0, 11]), ("summary", &[0, 11])]),
    ("payload", "pack('<2Q', r[0], len(r[1])) + r[1]", &[("64-kib", &[1]), ("1-kib", &[0, 11]), ("1-mib", &[11])]),
    ("sleep", "bytes([r])", &[("ten-ms", &[0])]),
    ("io-wait", "pack('<Q', r)", &[("requests", &[0, 3]), ("slow", &[0]), ("one-ms", &[0])]),
    ("mixed", "pack('<Q', r)", &[("mostly-io", &[0, 11]), ("half", &[0])]),
];

/// Reads one question a line, answers one a line.
const RESPONDENT: &str = "\
import json, reprlib, sys
from struct import pack

for line in sys.stdin:
    ask = json.loads(line)
    names = {'pack': pack}
    exec(ask['function'], names)
    items = eval(ask['items'], names)
    results = []
    for index in ask['indices']:
        item = items[index]
        names['r'] = names[ask['name']](*item) if ask['parameters'] > 1 else names[ask['name']](item)
        results.append(eval(ask['encode'], names).hex())
    told = [reprlib.repr(items[index]) for index in ask['told']]
    print(json.dumps({'len': len(items), 'told': told, 'results': results}), flush=True)
";

#[derive(Serialize)]
struct Question {
    function: String,
    name: &'static str,
    parameters: usize,
    items: String,
    encode: &'static str,
    indices: Vec<u64>,
    told: Vec<u64>,
}

#[derive(Deserialize)]
struct Answer {
    len: u64,
    told: Vec<String>,
    results: Vec<String>,
}

#[test]
fn python_computes_the_same_results_of_the_same_items() {
    let folder = tempfile::tempdir().expect("a folder");
    for asset in ["texts/sherlock.txt", "pictures/camera.pgm"] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(asset);
        let name = from.file_name().expect("it is a file");
        std::fs::copy(&from, folder.path().join(name)).expect("the asset is there");
    }
    let mut command = Command::new("python3");
    command.args(["-c", RESPONDENT]).current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut python) = command.spawn() else {
        #[allow(clippy::print_stdout, reason = "a test that skips says so")]
        {
            println!("skipped: there is no python3 here");
        }
        return;
    };
    let mut questions = python.stdin.take().expect("it is piped");
    let mut expected = Vec::new();
    for workload in REGISTRY {
        let (_, encode, runs) =
            CHECKS.iter().find(|(name, ..)| *name == workload.name()).expect("every one is checked");
        for preset in workload.presets() {
            // Twelve items of a list that may be as long as one likes.
            let items = preset.free_items.then_some(12);
            let input = workload.input(Some(preset.name), items).expect("a preset finds itself");
            let indices = runs.iter().find(|(name, _)| *name == preset.name).map_or(&[][..], |(_, indices)| indices);
            let told: Vec<u64> = (0..input.len().min(12)).chain([input.len() - 1]).collect();
            let python = workload.python(&input);
            let question = Question {
                function: python.function,
                name: python.name,
                parameters: python.parameters,
                items: python.items,
                encode,
                indices: indices.to_vec(),
                told: told.clone(),
            };
            let question = serde_json::to_string(&question).expect("plain data");
            writeln!(questions, "{question}").expect("Python reads on");
            expected.push((input, indices, told));
        }
    }
    drop(questions);
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("Python writes text");
    assert_eq!(text.lines().count(), expected.len());
    for (line, (input, indices, told)) in text.lines().zip(expected) {
        let name = format!("{} {}", input.workload.name(), input.preset.name);
        let answer: Answer = serde_json::from_str(line).expect("an answer");
        assert_eq!(answer.len, input.len(), "{name}");
        for (index, theirs) in told.iter().zip(&answer.told) {
            assert_eq!(input.tell_item(*index), *theirs, "{name}, item {index}");
        }
        for (&index, theirs) in indices.iter().zip(&answer.results) {
            let (mut arguments, mut result) = (Vec::new(), Vec::new());
            input.write_items(index..index + 1, &mut arguments);
            input.workload.run_unit(&arguments, &Here::free(), &mut result).expect("whole arguments");
            let ours: Vec<String> = result.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(ours.concat(), *theirs, "{name}, item {index}");
        }
    }
}
