//! Pages and files from the web: with time-outs, retries, resumption and a cache.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::header::{
    CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER,
};
use ureq::http::{HeaderMap, HeaderName, Response, StatusCode};
use ureq::{Agent, Body};

use super::cache::Entry;
use super::pages::{Page, Pages};
use super::redirect;
use super::source::NAMED;
use crate::encoding::charset;

/// How patient to be.
#[derive(Clone, Copy, Debug)]
pub struct FetchOptions {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the next bytes: a server that sends nothing for this long is given up.
    pub read: Duration,
    /// Attempts in a row that bring nothing new.
    pub attempts: u32,
    /// Before the second attempt; every further one waits twice as long.
    pub pause: Duration,
    /// The longest page or file.
    pub most_bytes: u64,
    /// For all of a page or file, attempts and pauses included.
    pub whole: Duration,
    /// Bytes a second, from the time on that a server has to send its first ones.
    pub least_rate: u64,
    /// Whether redirects may lead to other hosts; away from TLS they never do.
    pub other_hosts: bool,
    /// Is told what a run waits for: another one loads the same page.
    pub note: fn(&str),
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(20),
            attempts: 5,
            pause: Duration::from_millis(500),
            most_bytes: 1 << 30,
            whole: Duration::from_secs(3600),
            least_rate: 1024,
            other_hosts: false,
            note: |_| (),
        }
    }
}

/// The longest pause between two attempts, whatever the server asks for.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Attempts of any kind: a server that sends a byte each time is given up, too.
const MAX_ATTEMPTS: u32 = 100;

/// Why something could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server says no, and would say so again.
    #[error("{url}: the server answers {status}")]
    Status {
        /// The address.
        url: String,
        /// The server's answer.
        status: StatusCode,
    },
    /// The page or file is longer than allowed.
    #[error("{url}: longer than {most} bytes")]
    TooLong {
        /// The address.
        url: String,
        /// The limit.
        most: u64,
    },
    /// What the server sends is none that could be read.
    #[error("{url}: {reason}")]
    Refused {
        /// The address.
        url: String,
        /// What it sends, and what was expected.
        reason: String,
    },
    /// It took too long altogether.
    #[error("{url}: not loaded within {} seconds; the next run goes on with what is there", whole.as_secs_f64())]
    TooSlow {
        /// The address.
        url: String,
        /// The limit.
        whole: Duration,
    },
    /// Attempt after attempt failed.
    #[error("{url}: {attempts} attempts failed, the last one: {reason}")]
    GaveUp {
        /// The address.
        url: String,
        /// Number of attempts.
        attempts: u32,
        /// Why the last one failed.
        reason: String,
    },
    /// The cache cannot be read or written.
    #[error("{url}: cache folder {}: {reason}", folder.display())]
    Cache {
        /// The address.
        url: String,
        /// The folder.
        folder: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
}

/// What an attempt came to, if not to an end.
enum Attempt {
    /// Another one may help, after a pause if the server asks for one.
    Retry(String, Option<Duration>),
    /// No other one will.
    Stop(FetchError),
}

impl From<io::Error> for Attempt {
    fn from(error: io::Error) -> Self {
        Self::Retry(error.to_string(), None)
    }
}

/// Loads pages and files, each of them once.
#[derive(Debug)]
pub struct Fetcher {
    agent: Agent,
    cache: PathBuf,
    options: FetchOptions,
    refresh: bool,
}

impl Fetcher {
    /// Loads into the folder `cache`; what is there already is not loaded again, unless `refresh` says so.
    pub fn new(cache: PathBuf, options: FetchOptions, refresh: bool) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(options.connect))
            .timeout_recv_response(Some(options.read))
            .timeout_per_read(Some(options.read))
            // Followed here, where it is known which ones may be.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What is not asked for need not be decoded.
            .accept_encoding("identity")
            .user_agent(concat!("atome-corpus/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { agent, cache, options, refresh }
    }

    /// The bytes at `url`, as [`Self::page`] has them.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        Ok(self.page(url)?.bytes)
    }

    /// What is at `url`. What an earlier call loaded in part is continued, where the server can do that.
    ///
    /// # Errors
    /// [`FetchError`] names the address and the reason. What was loaded stays for the next call.
    pub fn page(&self, url: &str) -> Result<Page, FetchError> {
        let cache = |reason| FetchError::Cache { url: url.to_owned(), folder: self.cache.clone(), reason };
        let waits = || (self.options.note)(&format!("{url}: waits for another run that loads it"));
        let entry = Entry::new(&self.cache, url, waits).map_err(cache)?;
        if !self.refresh {
            if let Some((bytes, charset)) = entry.whole().map_err(cache)? {
                return Ok(Page { bytes, charset });
            }
        }
        let end = Instant::now() + self.options.whole;
        let (mut best, mut failures, mut pause) = (resumable(&entry), 0, self.options.pause);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (reason, asked) = match self.attempt(url, &entry, end) {
                Ok((part, charset)) => {
                    let bytes = entry.finish(&part, charset.as_deref()).map_err(cache)?;
                    return Ok(Page { bytes, charset });
                }
                Err(Attempt::Stop(error)) => return Err(error),
                Err(Attempt::Retry(reason, asked)) => (reason, asked),
            };
            failures += 1;
            if resumable(&entry) > best {
                (best, failures, pause) = (resumable(&entry), 0, self.options.pause);
            }
            if failures >= self.options.attempts || attempts >= MAX_ATTEMPTS {
                return Err(FetchError::GaveUp { url: url.to_owned(), attempts, reason });
            }
            let pause_now = asked.unwrap_or(pause).min(MAX_PAUSE);
            if Instant::now() + pause_now >= end {
                return Err(FetchError::TooSlow { url: url.to_owned(), whole: self.options.whole });
            }
            thread::sleep(pause_now);
            pause = pause.saturating_mul(2);
        }
    }

    /// The whole part, and its charset.
    fn attempt(&self, url: &str, entry: &Entry, end: Instant) -> Result<(File, Option<String>), Attempt> {
        let have = entry.part();
        let (head, body) = self.answer(url, have.as_ref(), end)?.into_parts();
        // All of them: each is an encoding of its own. What is no text is none that is understood.
        let encodings = head.headers.get_all(CONTENT_ENCODING).iter();
        if let Some(encoding) = encodings.into_iter().find(|name| !name.to_str().is_ok_and(is_plain)) {
            let reason = format!("the server sends the encoding {encoding:?}, expected bytes as they are");
            return Err(Attempt::Stop(FetchError::Refused { url: url.to_owned(), reason }));
        }
        let charset = text(&head.headers, CONTENT_TYPE).and_then(charset);
        let part = match (head.status, have) {
            (StatusCode::OK, _) => {
                let file = entry.start(version(&head.headers))?;
                self.receive(url, body, file, 0, end)?
            }
            (StatusCode::PARTIAL_CONTENT, Some((len, _))) if range_start(&head.headers) == Some(len) => {
                self.receive(url, body, entry.resume()?, len, end)?
            }
            (status @ (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE), _) => {
                entry.discard()?;
                return Err(Attempt::Retry(format!("{status} does not continue what is there"), Some(Duration::ZERO)));
            }
            (status, _) if may_pass(status) => {
                let asked = text(&head.headers, RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
                return Err(Attempt::Retry(format!("the server answers {status}"), asked.map(Duration::from_secs)));
            }
            (status, _) => return Err(Attempt::Stop(FetchError::Status { url: url.to_owned(), status })),
        };
        Ok((part, charset))
    }

    /// The answer at the end of all redirects.
    fn answer(&self, url: &str, have: Option<&(u64, String)>, end: Instant) -> Result<Response<Body>, Attempt> {
        let stop = |reason| Attempt::Stop(FetchError::Refused { url: url.to_owned(), reason });
        let hosts = NAMED.iter().find(|named| named.urls.contains(&url)).map_or(&[][..], |named| named.hosts);
        let mut at = url.to_owned();
        for _ in 0..=redirect::MOST {
            if Instant::now() >= end {
                return Err(self.too_slow(url));
            }
            let mut request = self.agent.get(&at);
            if let Some((len, version)) = have {
                request = request.header(RANGE, format!("bytes={len}-")).header(IF_RANGE, version);
            }
            let response = request.call().map_err(|error| refused(url, error))?;
            let location = text(response.headers(), LOCATION).filter(|_| response.status().is_redirection());
            let Some(location) = location else { return Ok(response) };
            let from = at.parse().map_err(|_| stop(format!("{at}: no address of the web")))?;
            let to = redirect::target(&from, location, hosts, self.options.other_hosts).map_err(stop)?;
            at = to.to_string();
        }
        Err(stop(format!("more than {} redirects", redirect::MOST)))
    }

    fn too_slow(&self, url: &str) -> Attempt {
        Attempt::Stop(FetchError::TooSlow { url: url.to_owned(), whole: self.options.whole })
    }

    /// Writes a body behind the `have` bytes of `file`.
    fn receive(&self, url: &str, body: Body, mut file: File, have: u64, end: Instant) -> Result<File, Attempt> {
        let most = self.options.most_bytes;
        let too_long = || Attempt::Stop(FetchError::TooLong { url: url.to_owned(), most });
        let expected = body.content_length();
        if expected.is_some_and(|len| len > most.saturating_sub(have)) {
            return Err(too_long());
        }
        let mut reader = body.into_reader();
        let mut buffer = vec![0; 1 << 16];
        let (mut received, start) = (0, Instant::now());
        loop {
            if Instant::now() >= end {
                return Err(self.too_slow(url));
            }
            let len = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) => return Err(Attempt::Retry(format!("after {} bytes: {error}", have + received), None)),
            };
            received += len as u64;
            if have + received > most {
                return Err(too_long());
            }
            file.write_all(buffer.get(..len).unwrap_or(&[]))?;
            let (rate, taken) = (self.options.least_rate, start.elapsed());
            if taken > self.options.read && (received as f64) < rate as f64 * taken.as_secs_f64() {
                let reason = format!("after {} bytes: fewer than {rate} a second", have + received);
                return Err(Attempt::Retry(reason, None));
            }
        }
        match expected {
            Some(expected) if expected != received => {
                let (found, whole) = (have + received, have + expected);
                Err(Attempt::Retry(format!("the connection ends after {found} bytes, expected {whole}"), None))
            }
            _ => Ok(file),
        }
    }
}

impl Pages for Fetcher {
    fn load(&self, url: &str) -> Result<Page, String> {
        self.page(url).map_err(|error| error.to_string())
    }
}

/// Bytes that the next attempt need not load.
fn resumable(entry: &Entry) -> u64 {
    entry.part().map_or(0, |(len, _)| len)
}

fn refused(url: &str, error: ureq::Error) -> Attempt {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::TooManyRedirects | ureq::Error::RedirectFailed | ureq::Error::Http(_) => {
            Attempt::Stop(FetchError::GaveUp { url: url.to_owned(), attempts: 1, reason: error.to_string() })
        }
        other => Attempt::Retry(other.to_string(), None),
    }
}

/// Whether a body comes as it is.
fn is_plain(encoding: &str) -> bool {
    let encoding = encoding.trim();
    encoding.is_empty() || encoding.eq_ignore_ascii_case("identity")
}

/// Whether a server that answers so may answer otherwise in a while.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::TOO_MANY_REQUESTS
}

/// What to call this version of the page when asking for the rest of it. Weak tags do not promise equal bytes.
fn version(headers: &HeaderMap) -> Option<&str> {
    text(headers, ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| text(headers, LAST_MODIFIED))
}

/// Where the bytes of a partial answer begin.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    text(headers, CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
