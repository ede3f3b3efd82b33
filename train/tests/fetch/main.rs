//! Loading from a server that fails, stalls and cuts off.

mod server;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use atome_train::gather::{build, FetchError, FetchOptions, Fetcher, Page, Source};
use server::{good, head, Do, Request, Server};

const STALL: Duration = Duration::from_millis(1500);

fn options() -> FetchOptions {
    FetchOptions {
        connect: Duration::from_secs(2),
        read: Duration::from_millis(400),
        attempts: 3,
        pause: Duration::from_millis(5),
        most_bytes: 1 << 20,
        whole: Duration::from_secs(60),
        least_rate: 1,
        other_hosts: false,
        note: |_| (),
    }
}

fn fetcher(cache: &Path) -> Fetcher {
    Fetcher::new(cache.to_owned(), options(), false)
}

fn body() -> Vec<u8> {
    (0..200_000_u32).map(|index| b'a' + (index * (index % 977) % 23) as u8).collect()
}

/// The result, and what the server was asked.
fn get(
    answer: impl Fn(usize, &Request) -> Vec<Do> + Send + Sync + 'static,
) -> (Result<Vec<u8>, FetchError>, Vec<Request>) {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(answer);
    let result = fetcher(cache.path()).get(&server.url());
    (result, server.requests())
}

/// A whole answer in two parts, of which `steps` may take the second away.
fn cut(body: &[u8], version: Option<&str>, request: &Request, len: usize) -> Vec<Do> {
    let (head, mut rest) = good(body, version, request);
    rest.truncate(len);
    vec![head, Do::Send(rest)]
}

#[test]
fn what_was_loaded_is_not_loaded_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|count, request| {
        let text = format!("version {count}");
        cut(text.as_bytes(), None, request, usize::MAX)
    });
    let get = |refresh| Fetcher::new(cache.path().join("new/folder"), options(), refresh).get(&server.url()).unwrap();
    assert_eq!(get(false), b"version 0");
    assert_eq!(get(false), b"version 0");
    assert_eq!(get(true), b"version 1");
    assert_eq!(get(false), b"version 1");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn errors_that_may_pass_are_tried_again() {
    for status in ["500 Oops", "503 Busy", "429 Slow Down", "408 Late"] {
        let (result, requests) = get(move |count, request| match count {
            0 | 1 => vec![head(status, &[("Content-Length", "0".to_owned())])],
            _ => cut(&body(), None, request, usize::MAX),
        });
        assert!(result.unwrap() == body());
        assert_eq!(requests.len(), 3);
    }
    let (result, requests) = get(|_, _| vec![head("502 Bad", &[("Content-Length", "0".to_owned())])]);
    let message = result.unwrap_err().to_string();
    assert!(
        message.ends_with("/text: 3 attempts failed, the last one: the server answers 502 Bad Gateway"),
        "{message}"
    );
    assert_eq!(requests.len(), 3);
}

#[test]
fn errors_that_stay_are_not_tried_again() {
    for status in ["404 None", "403 No", "410 Gone"] {
        let (result, requests) = get(move |_, _| vec![head(status, &[("Content-Length", "0".to_owned())])]);
        let error = result.unwrap_err();
        assert!(matches!(error, FetchError::Status { .. }), "{error}");
        assert!(error.to_string().contains(&status[..3]), "{error}");
        assert_eq!(requests.len(), 1);
    }
}

#[test]
fn a_pause_that_the_server_asks_for_is_made() {
    let start = Instant::now();
    let (result, _) = get(|count, request| match count {
        0 => vec![head("503 Busy", &[("Content-Length", "0".to_owned()), ("Retry-After", "1".to_owned())])],
        _ => cut(b"x", None, request, 1),
    });
    assert_eq!(result.unwrap(), b"x");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_cut_download_is_continued_where_it_ended() {
    let (result, requests) = get(|_, request| cut(&body(), Some("\"v1\""), request, 60_000));
    assert!(result.unwrap() == body());
    let from: Vec<Option<usize>> = requests.iter().map(|request| request.from).collect();
    assert_eq!(from, [None, Some(60_000), Some(120_000), Some(180_000)]);
    assert!(requests[1..].iter().all(|request| request.if_range.as_deref() == Some("\"v1\"")));
}

#[test]
fn a_download_is_continued_by_the_next_run() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|count, request| match count {
        0 => cut(&body(), Some("\"v1\""), request, 150_000),
        1..=3 => vec![],
        _ => cut(&body(), Some("\"v1\""), request, usize::MAX),
    });
    let refused = fetcher(cache.path()).get(&server.url()).unwrap_err().to_string();
    assert!(refused.contains("attempts failed"), "{refused}");
    assert!(fetcher(cache.path()).get(&server.url()).unwrap() == body());
    assert_eq!(server.requests().last().unwrap().from, Some(150_000));
}

#[test]
fn a_page_that_changed_meanwhile_is_loaded_anew() {
    let (result, requests) = get(|count, request| match count {
        0 => cut(&[b'o'; 9000], Some("\"old\""), request, 5000),
        _ => cut(&body(), Some("\"new\""), request, usize::MAX),
    });
    assert!(result.unwrap() == body());
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].if_range.as_deref(), Some("\"old\""));
}

#[test]
fn without_a_version_a_download_begins_anew() {
    for version in [None, Some("W/\"weak\"")] {
        let (result, requests) = get(move |count, request| {
            let mut answer = cut(&body(), None, request, if count == 0 { 90_000 } else { usize::MAX });
            if let Some(version) = version {
                let headers = [("Content-Length", body().len().to_string()), ("ETag", version.to_owned())];
                answer[0] = head("200 OK", &headers);
            }
            answer
        });
        assert!(result.unwrap() == body());
        assert_eq!(requests, [Request::default(), Request::default()]);
    }
}

#[test]
fn a_server_that_always_cuts_off_is_given_up() {
    let (result, requests) = get(|_, request| cut(&body(), None, request, 90_000));
    let message = result.unwrap_err().to_string();
    assert!(message.contains("3 attempts failed"), "{message}");
    assert_eq!(requests.len(), 3);
}

#[test]
fn ranges_that_do_not_fit_are_not_believed() {
    for wrong in ["bytes 7-199999/200000", "bytes */200000", "nonsense"] {
        let (result, requests) = get(move |count, request| match count {
            0 => cut(&body(), Some("\"v1\""), request, 60_000),
            1 => {
                let headers = [("Content-Range", wrong.to_owned()), ("Content-Length", "5".to_owned())];
                vec![head("206 Partial Content", &headers), Do::Send(b"wrong".to_vec())]
            }
            _ => cut(&body(), Some("\"v1\""), request, usize::MAX),
        });
        assert!(result.unwrap() == body());
        assert_eq!(requests[2].from, None);
    }
    let (result, _) = get(|count, request| match count {
        0 => cut(&body(), Some("\"v1\""), request, 60_000),
        1 => vec![head("416 Range Not Satisfiable", &[("Content-Length", "0".to_owned())])],
        _ => cut(&body(), Some("\"v1\""), request, usize::MAX),
    });
    assert!(result.unwrap() == body());
}

#[test]
fn a_server_that_stalls_is_left_after_the_time_out() {
    // Before the head, inside it, and inside the body.
    let start = Instant::now();
    let (result, requests) = get(|count, request| {
        let (head, rest) = good(&body(), Some("\"v1\""), request);
        match count {
            0 => vec![Do::Wait(STALL), head, Do::Send(rest)],
            1 => vec![Do::Send(b"HTTP/1.1 200".to_vec()), Do::Wait(STALL)],
            2 => vec![head, Do::Send(rest[..70_000].to_vec()), Do::Wait(STALL), Do::Send(rest[70_000..].to_vec())],
            _ => vec![head, Do::Send(rest)],
        }
    });
    assert!(result.unwrap() == body());
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[3].from, Some(70_000));
    assert!(start.elapsed() < 3 * STALL, "took {:?}", start.elapsed());
}

#[test]
fn answers_that_are_no_http_are_tried_again_then_given_up() {
    for junk in [b"\0\x01\x02\x03\r\n\r\n".to_vec(), b"HTTP/1.1 abc\r\n\r\n".to_vec(), vec![b'x'; 1 << 20], Vec::new()]
    {
        let (result, _) = get(move |_, _| vec![Do::Send(junk.clone())]);
        let message = result.unwrap_err().to_string();
        assert!(message.contains("3 attempts failed"), "{message}");
    }
}

#[test]
fn chunks_that_break_off_are_not_taken_for_the_end() {
    let (result, requests) = get(|count, _| {
        let head = head("200 OK", &[("Transfer-Encoding", "chunked".to_owned())]);
        let end = if count == 0 { "" } else { "0\r\n\r\n" };
        vec![head, Do::Send(format!("5\r\nhello\r\n6\r\n world\r\n{end}").into_bytes())]
    });
    assert_eq!(result.unwrap(), b"hello world");
    assert_eq!(requests.len(), 2);
}

#[test]
fn the_charset_of_the_newest_answer_is_kept_with_it() {
    let cache = tempfile::tempdir().unwrap();
    // Cut off first, and continued by an answer that says what the first one said.
    let types = ["text/html; charset=koi8-r", "text/html; charset=koi8-r", "text/plain"];
    let server = Server::start(move |count, request| {
        let (from, status) = (request.from.unwrap_or(0), if request.from.is_some() { "206 Partial" } else { "200 OK" });
        let rest = &b"<p>text</p>"[from..];
        let head = head(
            status,
            &[
                ("Content-Length", rest.len().to_string()),
                ("Content-Range", format!("bytes {from}-10/11")),
                ("Content-Type", types[count.min(2)].to_owned()),
                ("ETag", "\"1\"".to_owned()),
            ],
        );
        vec![head, Do::Send(rest[..if count == 0 { 4 } else { rest.len() }].to_vec())]
    });
    let page = |refresh| Fetcher::new(cache.path().to_owned(), options(), refresh).page(&server.url()).unwrap();
    let expected = |charset: Option<&str>| Page { bytes: b"<p>text</p>".to_vec(), charset: charset.map(str::to_owned) };
    assert_eq!(page(false), expected(Some("koi8-r")));
    assert_eq!((page(false), server.requests().len()), (expected(Some("koi8-r")), 2));
    // A newer answer without a charset leaves none of the older one's.
    assert_eq!((page(true), server.requests().len()), (expected(None), 3));
    assert_eq!((page(false), server.requests().len()), (expected(None), 3));
}

#[test]
fn pages_that_are_too_long_are_refused() {
    let announced = |_: usize, _: &Request| vec![head("200 OK", &[("Content-Length", (2 << 20).to_string())])];
    let endless = |_: usize, _: &Request| {
        let mut steps = vec![head("200 OK", &[("Transfer-Encoding", "chunked".to_owned())])];
        steps.extend((0..40).map(|_| Do::Send([b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat())));
        steps
    };
    for (result, requests) in [get(announced), get(endless)] {
        let error = result.unwrap_err();
        assert!(matches!(error, FetchError::TooLong { most: 1_048_576, .. }), "{error}");
        assert_eq!(requests.len(), 1);
    }
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let moved = |to: &str| vec![head("302 Found", &[("Location", to.to_owned()), ("Content-Length", "0".to_owned())])];
    let (result, _) = get(move |count, request| if count == 0 { moved("/b") } else { cut(b"there", None, request, 5) });
    assert_eq!(result.unwrap(), b"there");
    let (result, requests) = get(move |_, _| moved("/text"));
    assert!(result.is_err());
    assert!(requests.len() < 20, "{} requests", requests.len());
}

#[test]
fn nobody_there_and_bad_addresses_are_named() {
    let cache = tempfile::tempdir().unwrap();
    for url in ["http://127.0.0.1:1/x", "http://", "http://a b/"] {
        let message = fetcher(cache.path()).get(url).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{url}: ")), "{message}");
    }
    let file = cache.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = fetcher(&file).get("http://127.0.0.1:1/x").unwrap_err();
    assert!(matches!(refused, FetchError::Cache { .. }), "{refused}");
}

#[test]
fn a_source_that_fails_is_named_and_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.txt");
    std::fs::write(&file, "first\n\nshared   text\n").unwrap();
    let page = Server::start(|_, request| {
        let page = "<!doctype html><body><nav>menu</nav><p>shared text</p><p>caf&eacute;\x07</p>";
        cut(page.as_bytes(), None, request, usize::MAX)
    });
    let gone = Server::start(|_, _| vec![head("404 None", &[("Content-Length", "0".to_owned())])]);
    let sources = [
        Source::File(file),
        Source::Url(gone.url()),
        Source::Url(page.url()),
        Source::File(folder.path().join("missing.txt")),
    ];
    let gathered = build(&sources, &fetcher(&folder.path().join("cache")), None, 1000);
    assert_eq!(gathered.text, "first\n\nshared text\n\ncaf\u{e9}\n");
    let failed: Vec<&str> = gathered.failures.iter().map(|failure| failure.source.as_str()).collect();
    assert_eq!(failed, [sources[1].to_string(), sources[3].to_string()]);
    assert!(gathered.failures[0].reason.contains("404"));
    assert_eq!((gathered.parts[1].paragraphs, gathered.parts[1].repeated, gathered.parts[1].was_html), (1, 1, true));
    assert_eq!((gathered.totals.paragraphs, gathered.totals.bytes_out), (3, 26));
    assert_eq!(gathered.totals.ascii_share, 24.0 / 26.0);
    let capped = build(&sources[..3], &fetcher(&folder.path().join("cache")), None, 24);
    assert_eq!((capped.text.as_str(), capped.totals.capped), ("first\n\nshared text\n\ncaf", true));
}

#[test]
fn two_runs_with_one_cache_take_turns() {
    let cache = tempfile::tempdir().unwrap();
    // Slow enough for both to be at work, and another text each time.
    let server = Server::start(|count, _| {
        let text = vec![b'a' + count as u8; 60_000 + 20_000 * count];
        let head = head("200 OK", &[("Content-Length", text.len().to_string())]);
        vec![head, Do::Send(text[..9_000].to_vec()), Do::Wait(options().read / 2), Do::Send(text[9_000..].to_vec())]
    });
    static WAITS: AtomicUsize = AtomicUsize::new(0);
    let note = |text: &str| {
        assert!(text.starts_with("http://") && text.ends_with(": waits for another run that loads it"), "{text}");
        WAITS.fetch_add(1, Ordering::Relaxed);
    };
    let get = || {
        let options = FetchOptions { note, ..options() };
        Fetcher::new(cache.path().to_owned(), options, true).get(&server.url()).unwrap()
    };
    let mut found: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(get)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    found.sort();
    let expected: Vec<Vec<u8>> = (0..3).map(|count| vec![b'a' + count as u8; 60_000 + 20_000 * count]).collect();
    assert!(found == expected, "{:?}", found.iter().map(Vec::len).collect::<Vec<_>>());
    assert_eq!(WAITS.load(Ordering::Relaxed), 2, "whoever waits says so");
    let kept = fetcher(cache.path()).get(&server.url()).unwrap();
    assert!(kept == expected[2] && server.requests().len() == 3);
}

#[test]
fn what_was_cut_off_in_the_cache_is_loaded_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, request| cut(&body(), None, request, usize::MAX));
    assert!(fetcher(cache.path()).get(&server.url()).unwrap() == body());
    for entry in std::fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if std::fs::metadata(&entry).unwrap().len() == body().len() as u64 {
            std::fs::write(entry, &body()[..100_000]).unwrap();
        }
    }
    assert!(fetcher(cache.path()).get(&server.url()).unwrap() == body());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn encodings_that_are_not_understood_are_never_kept_as_text() {
    for encoding in ["gzip", "br", "identity, gzip", "x-unknown"] {
        let (result, requests) = get(move |_, _| {
            let headers = [("Content-Length", "4".to_owned()), ("Content-Encoding", encoding.to_owned())];
            vec![head("200 OK", &headers), Do::Send(b"\x1f\x8b\x08\0".to_vec())]
        });
        let message = result.unwrap_err().to_string();
        assert!(message.contains(&format!("the server sends the encoding {encoding:?}")), "{message}");
        assert_eq!(requests.len(), 1);
    }
    // Each of several headers is an encoding of its own, and what is no text is none that is understood.
    for second in ["gzip", "gz\u{fc}p"] {
        let (result, _) = get(move |_, _| {
            let [first, second] = ["identity", second].map(|name| ("Content-Encoding", name.to_owned()));
            vec![
                head("200 OK", &[("Content-Length", "4".to_owned()), first, second]),
                Do::Send(b"\x1f\x8b\x08\0".to_vec()),
            ]
        });
        assert!(result.unwrap_err().to_string().contains("the server sends the encoding"), "{second}");
    }
    let plain = |_: usize, _: &Request| {
        let headers = [("Content-Length", "4".to_owned()), ("Content-Encoding", "Identity".to_owned())];
        vec![head("200 OK", &headers), Do::Send(b"text".to_vec())]
    };
    assert_eq!(get(plain).0.unwrap(), b"text");
}

/// A byte now and then: each in time, all of them never.
fn trickle(_: usize, _: &Request) -> Vec<Do> {
    let mut steps = vec![head("200 OK", &[("Content-Length", "1000".to_owned()), ("ETag", "\"1\"".to_owned())])];
    steps.extend((0..1000).flat_map(|_| [Do::Send(b"x".to_vec()), Do::Wait(Duration::from_millis(100))]));
    steps
}

#[test]
fn a_server_that_trickles_is_left() {
    let cache = tempfile::tempdir().unwrap();
    let run = |options: FetchOptions| {
        let server = Server::start(trickle);
        let start = Instant::now();
        let message = Fetcher::new(cache.path().to_owned(), options, false).get(&server.url()).unwrap_err().to_string();
        assert!(start.elapsed() < Duration::from_secs(10), "{message}: took {:?}", start.elapsed());
        message
    };
    let message = run(FetchOptions { whole: Duration::from_millis(1500), ..options() });
    assert!(message.contains("not loaded within 1.5 seconds"), "{message}");
    let message = run(FetchOptions { least_rate: 1000, attempts: 1, ..options() });
    assert!(message.contains("fewer than 1000 a second"), "{message}");
}

#[test]
fn redirects_stay_on_their_host_unless_asked() {
    let there = Server::start(|_, request| cut(b"there", None, request, 5));
    let elsewhere = there.url().replace("127.0.0.1", "localhost");
    let to = elsewhere.clone();
    let first = Server::start(move |_, _| {
        vec![head("302 Found", &[("Location", to.clone()), ("Content-Length", "0".to_owned())])]
    });
    let cache = tempfile::tempdir().unwrap();
    let message = fetcher(cache.path()).get(&first.url()).unwrap_err().to_string();
    assert!(message.contains(&format!("redirected to {elsewhere}: another host")), "{message}");
    assert!(there.requests().is_empty(), "the other host was asked");
    let asked = FetchOptions { other_hosts: true, ..options() };
    assert_eq!(Fetcher::new(cache.path().to_owned(), asked, false).get(&first.url()).unwrap(), b"there");
}
