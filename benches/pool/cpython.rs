//! The same in CPython, where a python3 is on the machine.

use std::process::Command;

const PROGRAM: &str = "
import sys, time, multiprocessing
def square(x):
    return x * x
if __name__ == '__main__':
    items, chunksize = int(sys.argv[1]), int(sys.argv[2]) or None
    with multiprocessing.get_context('fork').Pool(2) as pool:
        pool.map(square, range(100))
        begun = time.perf_counter()
        pool.map(square, range(items), chunksize)
        print(items / (time.perf_counter() - begun))
";

/// Items a second of `Pool(2).map`, its workers started before; `None` without a python3.
///
/// Debian's own python3 is the fastest CPython on such a machine, so it is asked first.
pub(super) fn rate(items: u64, chunksize: Option<u64>) -> Option<f64> {
    ["/usr/bin/python3", "python3"].into_iter().find_map(|python| {
        let arguments = [items.to_string(), chunksize.unwrap_or(0).to_string()];
        let output = Command::new(python).args(["-c", PROGRAM]).args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    })
}
