//! A web server on this machine that can be told to misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// First byte of the range that was asked for.
    pub from: Option<usize>,
    /// The version that the range must be of.
    pub if_range: Option<String>,
}

/// What the server does, one after the other; then it closes the connection.
pub enum Do {
    Send(Vec<u8>),
    Wait(Duration),
}

/// A running server, and what it was asked so far.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers the n-th request with `answer(n, request)`, n from 0 on.
    pub fn start(answer: impl Fn(usize, &Request) -> Vec<Do> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}/text", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(usize, &Request) -> Vec<Do>) {
    let mut request = Request::default();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        let lower = line.to_lowercase();
        if let Some(range) = lower.strip_prefix("range: bytes=") {
            request.from = range.trim_end_matches('-').parse().ok();
        }
        if lower.starts_with("if-range: ") {
            request.if_range = Some(line["if-range: ".len()..].to_owned());
        }
        if line.is_empty() {
            break;
        }
    }
    let count = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    for step in answer(count, &request) {
        match step {
            // The other side may have left.
            Do::Send(bytes) => drop(stream.write_all(&bytes)),
            Do::Wait(time) => thread::sleep(time),
        }
    }
}

/// The head of an answer.
pub fn head(status: &str, headers: &[(&str, String)]) -> Do {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    Do::Send(text.into_bytes())
}

/// All of `body`, or what it was asked for if `version` lets it.
pub fn good(body: &[u8], version: Option<&str>, request: &Request) -> (Do, Vec<u8>) {
    let tag = version.map(|version| ("ETag", version.to_owned()));
    let from = request.from.filter(|_| request.if_range.as_deref() == version && version.is_some());
    let rest = body[from.unwrap_or(0)..].to_vec();
    let mut headers = vec![("Content-Length", rest.len().to_string())];
    headers.extend(tag);
    if let Some(from) = from {
        headers.push(("Content-Range", format!("bytes {from}-{}/{}", body.len() - 1, body.len())));
        return (head("206 Partial Content", &headers), rest);
    }
    (head("200 OK", &headers), rest)
}
