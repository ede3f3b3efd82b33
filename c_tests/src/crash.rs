//! Says which case was running when a thread dies: by a panic, or by a signal out of C code.

use std::cell::Cell;
use std::io::Write;
use std::panic;

use crate::case::Case;
use crate::shapes::SHAPES;

thread_local! {
    /// Shape and seed of the case that this thread runs.
    static RUNNING: Cell<Option<(usize, u64)>> = const { Cell::new(None) };
}

/// Notes the case.
pub fn running(case: &Case) {
    RUNNING.set(Some((case.shape, case.seed)));
}

/// Installs the panic hook and the signal handlers.
pub fn watch() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        usual(panic);
        report("panic");
    }));
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGTRAP, libc::SIGFPE, libc::SIGABRT] {
        // SAFETY: the handler has the type that signal() expects and stays; it gives up the process.
        unsafe { libc::signal(signal, on_signal as *const () as libc::sighandler_t) };
    }
}

extern "C" fn on_signal(signal: libc::c_int) {
    report("a fatal signal");
    // SAFETY: restores the default action and dies of it, so that the exit status tells the signal.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Takes no memory: the heap may be what broke. Once: a panic may end in a signal.
fn report(what: &str) {
    let Some((shape, seed)) = RUNNING.try_with(Cell::take).ok().flatten() else {
        return;
    };
    let mut line = [0; 256];
    let mut rest = &mut line[..];
    let name = SHAPES[shape].name;
    let _ = writeln!(rest, "\n{what} in this case: --replay 'shape={name}:seed={seed:#018x}'");
    let left = rest.len();
    let _ = std::io::stderr().write_all(&line[..line.len() - left]);
}
