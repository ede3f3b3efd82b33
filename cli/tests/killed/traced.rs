//! A program that is stopped at each of its system calls that change files, and killed before one of them.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::Pid;

/// A system call that changes files, or makes changes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A file is made, if it is not there.
    Create,
    /// Bytes go into the file that is open under this number.
    Write(u64),
    /// All of them are on the disk; of a folder, the names of its files.
    Sync(u64),
    /// A file gets a name.
    Name,
    /// A name goes, or who may use a file changes.
    Other,
}

/// Beyond them are standard input, output and error.
const FIRST_FILE: u64 = 3;

impl Call {
    /// The call of this number; `None` for one that changes nothing.
    fn of(number: u64, arguments: &[u64; 6]) -> Option<Self> {
        let [first, _, third, ..] = *arguments;
        let call = match number as libc::c_long {
            libc::SYS_openat if third & libc::O_CREAT as u64 != 0 => Self::Create,
            libc::SYS_write | libc::SYS_writev | libc::SYS_pwrite64 if first >= FIRST_FILE => Self::Write(first),
            libc::SYS_fsync | libc::SYS_fdatasync => Self::Sync(first),
            libc::SYS_renameat | libc::SYS_renameat2 | libc::SYS_linkat => Self::Name,
            libc::SYS_unlinkat | libc::SYS_fchmod | libc::SYS_ftruncate | libc::SYS_mkdirat => Self::Other,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename | libc::SYS_link => Self::Name,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_unlink | libc::SYS_chmod | libc::SYS_mkdir => Self::Other,
            _ => return None,
        };
        Some(call)
    }
}

/// Runs the program; before its change number `last`, from 0 on, it is killed. Returns the changes that it made, and whether
/// it came to a good end.
pub fn run(command: &mut Command, last: Option<usize>) -> (Vec<Call>, bool) {
    // SAFETY: between fork and exec there is one system call, and no memory is taken.
    unsafe { command.pre_exec(|| ptrace::traceme().map_err(io::Error::from)) };
    #[allow(clippy::zombie_processes, reason = "waitpid below waits for it, change by change")]
    let child = command.spawn().unwrap();
    let pid = Pid::from_raw(child.id() as i32);
    assert!(matches!(waitpid(pid, None).unwrap(), WaitStatus::Stopped(_, Signal::SIGTRAP)), "it stops when it begins");
    ptrace::setoptions(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
    let (mut calls, mut signal) = (Vec::new(), None);
    loop {
        ptrace::syscall(pid, signal.take()).unwrap();
        match waitpid(pid, None).unwrap() {
            WaitStatus::PtraceSyscall(_) => {
                let Some(call) = entered(pid) else { continue };
                if last == Some(calls.len()) {
                    kill(pid, Signal::SIGKILL).unwrap();
                    let ended = waitpid(pid, None).unwrap();
                    assert!(matches!(ended, WaitStatus::Signaled(_, Signal::SIGKILL, _)), "{ended:?}");
                    return (calls, false);
                }
                calls.push(call);
            }
            WaitStatus::Stopped(_, sent) => signal = Some(sent),
            WaitStatus::Exited(_, status) => return (calls, status == 0),
            other => panic!("{command:?}: {other:?}"),
        }
    }
}

/// The change that the program is about to make.
fn entered(pid: Pid) -> Option<Call> {
    let mut about = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    let size = size_of_val(&about);
    // SAFETY: the kernel writes at most `size` bytes, the size of what `about` is.
    let written = unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid.as_raw(), size, about.as_mut_ptr()) };
    assert!(written > 0, "{}", io::Error::last_os_error());
    // SAFETY: zeros are a value of each member.
    let about = unsafe { about.assume_init() };
    if about.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    // SAFETY: `op` tells that this is the member.
    let entry = unsafe { about.u.entry };
    Call::of(entry.nr, &entry.args)
}

/// What a power cut could do to the files of a program that made these changes and came to its end, though it lost nothing
/// when the program alone was killed.
pub fn lost_by_a_power_cut(calls: &[Call]) -> Vec<String> {
    let (mut faults, mut unsynced, mut named) = (Vec::new(), Vec::new(), false);
    for (at, call) in calls.iter().enumerate() {
        match *call {
            Call::Write(file) => unsynced.push(file),
            Call::Sync(file) => {
                // What is synced and was not written is a folder, or had its bytes before.
                named &= unsynced.contains(&file);
                unsynced.retain(|&written| written != file);
            }
            Call::Name => {
                named = true;
                if !unsynced.is_empty() {
                    faults.push(format!("call {at} gives a name while bytes of {unsynced:?} are not on the disk"));
                }
            }
            Call::Create | Call::Other => {}
        }
    }
    if named {
        faults.push("the last name is not on the disk when the program ends".to_owned());
    }
    faults
}

#[test]
fn what_a_power_cut_would_take_is_seen() {
    use Call::{Create, Name, Sync, Write};
    let lost = |calls: &[Call]| lost_by_a_power_cut(calls).len();
    assert_eq!(lost(&[Create, Write(3), Sync(3), Name, Sync(4)]), 0);
    assert_eq!(lost(&[Create, Write(3), Name, Sync(4)]), 1);
    assert_eq!(lost(&[Create, Write(3), Write(4), Sync(4), Name, Sync(5)]), 1);
    assert_eq!(lost(&[Create, Write(3), Sync(3), Name]), 1);
}
