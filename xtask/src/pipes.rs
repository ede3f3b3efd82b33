//! What happens when nobody reads the output any more, as in `cargo xtask test --list | head -1`.

/// From here on a write to a pipe whose reader has gone ends this program without a word, as it ends other tools. Rust's
/// runtime ignores the signal at the start, so that `println!` would panic.
#[cfg(unix)]
pub fn end_with_the_reader() {
    // SAFETY: no handler is installed: SIG_DFL is the state in which a process starts. There is one thread so far.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// There is no such signal.
#[cfg(not(unix))]
pub fn end_with_the_reader() {}
