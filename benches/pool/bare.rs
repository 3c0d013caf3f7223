//! The limit: the same loop over bare pipes, with nothing around it. Two children square what comes
//! through their standard input; the parent keeps each pipe filled and sums up what comes back.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

/// First argument of a child of this bench.
pub(super) const CHILD: &str = "__bare";

/// The child: reads what is there, answers with one write.
pub(super) fn child(_: &str) {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut bytes = vec![0; 64 << 10];
    let mut filled = 0;
    while let Ok(count @ 1..) = input.read(&mut bytes[filled..]) {
        filled += count;
        let whole = filled / 8 * 8;
        for number in bytes[..whole].chunks_exact_mut(8) {
            let x = u64::from_le_bytes(number.try_into().expect("8 bytes"));
            number.copy_from_slice(&x.wrapping_mul(x).to_le_bytes());
        }
        if output.write_all(&bytes[..whole]).and_then(|()| output.flush()).is_err() {
            return;
        }
        bytes.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// Items a second through two children, `unit` items a write and as many writes ahead as fit.
pub(super) fn rate(items: u64, unit: u64) -> f64 {
    let program = std::env::current_exe().expect("this program has a file");
    let mut children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = Command::new(&program);
            command.arg(CHILD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts again")
        })
        .collect();
    let begun = Instant::now();
    let sum = std::thread::scope(|scope| {
        let halves: Vec<_> = children
            .iter_mut()
            .map(|child| {
                let (mut input, mut output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
                let writer = move || {
                    // Small units share a write, as ours do.
                    let mut message = Vec::new();
                    for x in 0..items / 2 {
                        message.extend_from_slice(&x.to_le_bytes());
                        if message.len() as u64 >= (unit * 8).clamp(4096, 64 << 10) {
                            input.write_all(&message).expect("the child reads");
                            message.clear();
                        }
                    }
                    input.write_all(&message).expect("the child reads");
                };
                let reader = move || {
                    let (mut bytes, mut sum) = (vec![0; 64 << 10], 0_u64);
                    while let Ok(count @ 1..) = output.read(&mut bytes) {
                        sum += count as u64;
                    }
                    sum
                };
                std::thread::Builder::new().spawn_scoped(scope, writer).expect("a thread");
                std::thread::Builder::new().spawn_scoped(scope, reader).expect("a thread")
            })
            .collect();
        halves.into_iter().map(|half| half.join().expect("it reads to the end")).sum::<u64>()
    });
    let seconds = begun.elapsed().as_secs_f64();
    for mut child in children {
        child.wait().expect("it ends with its input");
    }
    assert_eq!(sum, items / 2 * 2 * 8, "every item came back");
    items as f64 / seconds
}
