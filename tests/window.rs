//! The real program in its real window: predict, run, see the speedup, replay.
//!
//! It needs a display (a virtual one does: `xvfb-run -s "-screen 0 1366x768x24" cargo test --features
//! inspection --test window`) and says so where there is none.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says why")]

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use egui::accesskit::{Action, ActionData, ActionRequest, Node, NodeId, Role, TreeUpdate};
use egui_inspection::{Request, Response, read_message, write_message};

/// How long anything may take: a slow machine, a software renderer.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program, and a line to its window. Killed when dropped.
struct Window {
    program: Child,
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Window {
    fn open() -> Self {
        // A port that is free is another's as soon as two tests look for one at the same time.
        static OPENING: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _alone = OPENING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("it has an address");
        drop(free);
        let mut program = Command::new(env!("CARGO_BIN_EXE_poolscope"))
            .env("EGUI_INSPECTION", address.to_string())
            .spawn()
            .expect("the program starts");
        let stream = wait("the window listens", || {
            assert!(
                program.try_wait().expect("it can be asked").is_none(),
                "the program ended before its window opened"
            );
            TcpStream::connect(address).ok()
        });
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        let mut reader = BufReader::new(stream.try_clone().expect("the same line"));
        egui_inspection::protocol::read_handshake(&mut reader).expect("it is our window");
        Self { program, reader, writer: stream }
    }

    fn ask(&mut self, request: &Request) -> Response {
        write_message(&mut self.writer, request).expect("the window listens");
        read_message(&mut self.reader).expect("the window answers")
    }

    fn tree(&mut self) -> TreeUpdate {
        match self.ask(&Request::GetTree) {
            Response::Tree { accesskit: Some(tree), .. } => tree,
            other => panic!("no tree: {other:?}"),
        }
    }

    fn send(&mut self, events: Vec<egui::Event>) {
        let answer = self.ask(&Request::ApplyEvents { events });
        assert!(matches!(answer, Response::Done), "{answer:?}");
    }

    /// Presses a button with the pointer, as soon as it is there and enabled.
    fn press(&mut self, name: &str) {
        self.press_where(name, |known| known == name);
    }

    /// The same for a button whose name says more than its own.
    fn press_where(&mut self, what: &str, is_it: impl Fn(&str) -> bool) {
        let place = wait(what, || {
            let tree = self.tree();
            let is_button = |node: &Node| node.role() == Role::Button && node.label().is_some_and(&is_it);
            let (_, node) = tree.nodes.iter().find(|(_, node)| is_button(node) && !node.is_disabled())?;
            node.bounds()
        });
        let pos = egui::pos2(f64::midpoint(place.x0, place.x1) as f32, f64::midpoint(place.y0, place.y1) as f32);
        let button = |pressed| egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        self.send(vec![egui::Event::PointerMoved(pos)]);
        // In one frame: on a slow machine, two of them are too far apart for a click.
        self.send(vec![button(true), button(false)]);
    }

    fn set(&mut self, slider: &str, value: f64) {
        let tree = self.tree();
        let (target_node, _) = find(&tree, Role::Slider, slider).expect(slider);
        let request = ActionRequest {
            action: Action::SetValue,
            target_tree: tree.tree_id,
            target_node,
            data: Some(ActionData::NumericValue(value)),
        };
        self.send(vec![egui::Event::AccessKitActionRequest(request)]);
    }

    /// Waits until something on the screen reads like this.
    fn read(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        wait(what, || words(&self.tree()).into_iter().find(|words| is_it(words)))
    }

    fn picture(&mut self, path: &Path) {
        match self.ask(&Request::GetScreenshot { pixels_per_point: None }) {
            Response::Screenshot(png) => {
                assert!(png.size[0] >= 1100 && png.bytes.len() > 10_000, "an empty picture");
                std::fs::write(path, png.bytes).expect("room for a picture");
            }
            other => panic!("no picture: {other:?}"),
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Asks again and again until there is an answer.
fn wait<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The control of this role and name; a control may be named by a label beside it.
fn find<'t>(tree: &'t TreeUpdate, role: Role, name: &str) -> Option<(NodeId, &'t Node)> {
    let text = |id: &NodeId| tree.nodes.iter().find(|(known, _)| known == id).and_then(|(_, node)| text_of(node));
    let is_named = |node: &Node| {
        node.label() == Some(name) || node.labelled_by().iter().any(|label| text(label).as_deref() == Some(name))
    };
    tree.nodes.iter().find(|(_, node)| node.role() == role && is_named(node)).map(|(id, node)| (*id, node))
}

fn text_of(node: &Node) -> Option<String> {
    node.value().or(node.label()).map(str::to_owned)
}

/// Everything that can be read on the screen.
fn words(tree: &TreeUpdate) -> Vec<String> {
    tree.nodes.iter().filter_map(|(_, node)| text_of(node)).collect()
}

fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[test]
fn predict_run_see_the_speedup_and_replay_it() {
    if !has_display() {
        println!("skipped: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)");
        return;
    }
    let mut window = Window::open();
    window.set("Workers", 2.0);
    window.set("Your prediction", 1.8);
    window.press("Run");
    window.read("the baseline comes first", |words| words.contains("baseline first"));
    window.read("the run ends", |words| words.contains("run 3 finished in"));
    let speedup = window.read("the speedup", |words| {
        words
            .strip_suffix('×')
            .is_some_and(|number| number.len() == 4 && number.parse::<f64>().is_ok_and(|times| times > 0.0))
    });
    println!("measured {speedup}");
    window.read("the prediction is held against it", |words| words.starts_with("You predicted 1.80×"));
    window.read("the baseline's age", |words| words.starts_with("baseline ") && words.contains("same 1,000 items"));

    window.press("Play");
    window.read("it plays", |words| words == "Pause");
    window.press("Pause");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    window.picture(&folder.join("window.png"));
}

#[test]
fn a_program_shows_who_printed_what() {
    if !has_display() {
        println!("skipped: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)");
        return;
    }
    let mut window = Window::open();
    window.press("Process");
    window.press("Five workers");
    window.press("Run");
    window.read("the program ends", |words| words.contains("run 1 finished in"));
    let mut lines: Vec<String> = (1..=5)
        .map(|number| {
            let who = format!("Process-{number}, pid ");
            window.read(&who, |words| words.starts_with(&who) && words.contains(&format!(": Worker: {}", number - 1)))
        })
        .collect();
    lines.dedup();
    println!("{}", lines.join("\n"));
    window.read("its calls", |words| words.starts_with("Parent: p1.join() → "));
    window.read("its end", |words| words.starts_with("Process-5, pid ") && words.contains(": exited 0"));
    window.picture(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("program.png"));
}

/// The menu of a card reaches the real process.
#[test]
fn a_process_is_killed_from_its_card() {
    if !has_display() {
        println!("skipped: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)");
        return;
    }
    let mut window = Window::open();
    window.press("Process");
    window.press("Two sleepers");
    window.press("Run");
    let is_card = |words: &str| words.starts_with("Process-2, pid ") && words.contains(": running");
    window.press_where("the card of Process-2", is_card);
    window.press("Kill");
    let exited = |words: &str| words.starts_with("Process-2, pid ") && words.contains("exited −SIGKILL");
    window.read("the process is gone", exited);
    window.read("the program ends all the same", |words| words.contains("run 1 finished in"));
}
