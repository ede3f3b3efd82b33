//! Answers of a web server: heads, redirects, lengths and chunks.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use atome_train::gather::{FetchOptions, Fetcher};

/// What the server answers the next requests with: one after the other, then nothing.
static ANSWERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Between two answers of an input.
const BETWEEN: &[u8] = b"\n--\n";

/// The longest page.
const MOST: u64 = 1500;

/// A page is loaded or refused, within its time and length; what is in the cache is what was loaded, and can be had without the
/// server.
pub fn answer(data: &[u8]) {
    // One input at a time: the server is one for all.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut answers = split(data);
    answers.reverse();
    let sent: usize = answers.iter().map(Vec::len).sum();
    *ANSWERS.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    let cache = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
    let url = format!("http://{}/page", address());
    let fetcher = || Fetcher::new(cache.path().to_owned(), options(), false);
    let Ok(page) = fetcher().page(&url) else { return };
    assert!(page.bytes.len() as u64 <= MOST && page.bytes.len() <= sent, "{} bytes of {sent}", page.bytes.len());
    ANSWERS.lock().unwrap_or_else(PoisonError::into_inner).clear();
    assert_eq!(fetcher().page(&url).expect("it is in the cache"), page);
}

fn options() -> FetchOptions {
    FetchOptions {
        connect: Duration::from_secs(1),
        read: Duration::from_millis(200),
        attempts: 2,
        pause: Duration::ZERO,
        most_bytes: MOST,
        whole: Duration::from_millis(500),
        least_rate: 1,
        other_hosts: false,
        note: |_| (),
    }
}

fn split(data: &[u8]) -> Vec<Vec<u8>> {
    let mut answers = vec![Vec::new()];
    let mut rest = data;
    while let Some(&byte) = rest.first() {
        if let Some(behind) = rest.strip_prefix(BETWEEN) {
            answers.push(Vec::new());
            rest = behind;
        } else {
            answers.last_mut().expect("there is one").push(byte);
            rest = &rest[1..];
        }
    }
    answers
}

/// Of the server, which runs as long as the process.
fn address() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
        let address = listener.local_addr().expect("it is bound").to_string();
        thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
        address
    })
}

/// Reads a request, answers and closes the connection. The other side may have left.
fn serve(mut stream: TcpStream) {
    let Ok(reading) = stream.try_clone() else { return };
    for line in BufReader::new(reading).lines().map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
    }
    let next = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let _ = stream.write_all(&next.unwrap_or_default());
}
