//! Signs of life: what is being done, for how long, and what it said last, at least every ten seconds.
//!
//! A log gets a line, a terminal a line that is drawn over the one before. All is said on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// How long nothing is said, at most; with the pause between two looks it is ten seconds.
const INTERVAL: Duration = Duration::from_secs(9);

/// How often a drawn line moves, and how often silence is looked for.
const LOOK: Duration = Duration::from_millis(500);

/// Wider lines could take two rows, and would not be drawn over.
const COLUMNS: usize = 79;

/// What puts the cursor at the start of an empty line.
const CLEAR: &str = "\r\x1b[K";

/// What is going on, and where it is said.
pub struct Board {
    state: Mutex<State>,
    interval: Duration,
    is_terminal: bool,
}

struct State {
    out: Box<dyn Write + Send>,
    /// From the outermost on.
    tasks: Vec<Entry>,
    next: u64,
    /// When something was said last.
    said: Instant,
    is_drawn: bool,
    /// Who has the terminal for himself.
    guests: usize,
}

struct Entry {
    id: u64,
    label: String,
    since: Instant,
    /// Done, and in all.
    counts: Option<(usize, usize)>,
    /// How long it will take, until that is told.
    expected: Option<String>,
    /// The last line of a program that the task runs itself.
    heard: String,
    thread: ThreadId,
}

/// Something that takes time, until it is dropped.
pub struct Task {
    board: Arc<Board>,
    id: u64,
}

/// The board of this program.
pub fn board() -> &'static Arc<Board> {
    static BOARD: OnceLock<Arc<Board>> = OnceLock::new();
    BOARD.get_or_init(|| Board::new(INTERVAL, LOOK, io::stderr().is_terminal(), Box::new(io::stderr())))
}

/// Begins something on the board of this program.
pub fn task(label: impl Into<String>) -> Task {
    board().task(label)
}

/// A line on standard output, between the signs of life.
pub fn say(text: &str) {
    board().between(|_| {
        println!("{text}");
        // Whoever follows a log sees it now, and not when a buffer is full.
        let _ = io::stdout().flush();
    });
}

/// A line on standard error, between the signs of life.
pub fn note(text: &str) {
    board().between(|out| {
        let _ = writeln!(out, "{text}");
    });
}

impl Board {
    /// Looks for silence until nobody has the board any more.
    pub fn new(interval: Duration, look: Duration, is_terminal: bool, out: Box<dyn Write + Send>) -> Arc<Board> {
        let state = State { out, tasks: Vec::new(), next: 0, said: Instant::now(), is_drawn: false, guests: 0 };
        let board = Arc::new(Board { state: Mutex::new(state), interval, is_terminal });
        let weak = Arc::downgrade(&board);
        thread::spawn(move || {
            while let Some(board) = Weak::upgrade(&weak) {
                board.look();
                drop(board);
                thread::sleep(look);
            }
        });
        board
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins something.
    pub fn task(self: &Arc<Self>, label: impl Into<String>) -> Task {
        self.begin(label.into(), None)
    }

    /// Begins something of which so many parts will be done.
    pub fn parts(self: &Arc<Self>, count: usize) -> Task {
        self.begin(String::new(), Some((0, count)))
    }

    fn begin(self: &Arc<Self>, label: String, counts: Option<(usize, usize)>) -> Task {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        // Silence counts from here: there was nothing to say before.
        if state.tasks.is_empty() {
            state.said = Instant::now();
        }
        let since = Instant::now();
        let thread = thread::current().id();
        state.tasks.push(Entry { id, label, since, counts, expected: None, heard: String::new(), thread });
        Task { board: Arc::clone(self), id }
    }

    /// What a program said that this thread runs. Of several at a time nobody could tell whose words these are: then
    /// only the thread of the innermost task is listened to.
    pub fn hear(&self, line: &str) {
        let mut state = self.state();
        let here = thread::current().id();
        if let Some(task) = state.tasks.last_mut().filter(|task| task.thread == here) {
            task.heard = line.trim().to_string();
        }
    }

    /// Says something else in between.
    pub fn between(&self, say: impl FnOnce(&mut dyn Write)) {
        let mut state = self.state();
        state.clear();
        say(&mut state.out);
        state.said = Instant::now();
    }

    /// Leaves the terminal to somebody who draws on it himself.
    pub fn left_alone<T>(&self, work: impl FnOnce() -> T) -> T {
        self.state().clear();
        self.state().guests += 1;
        let result = work();
        self.state().guests -= 1;
        result
    }

    fn look(&self) {
        let mut state = self.state();
        // Of what takes a moment only nothing need be told, and nothing need flicker over a terminal.
        let is_long = state.tasks.first().is_some_and(|first| first.since.elapsed() >= self.interval / 9);
        if state.guests > 0 || !is_long {
            return;
        }
        if let Some(expected) = state.tasks.first_mut().and_then(|first| first.expected.take()) {
            let _ = writeln!(state.out, "{expected}");
            state.said = Instant::now();
        }
        if !self.is_terminal && state.said.elapsed() < self.interval {
            return;
        }
        let Some(line) = state.line() else { return };
        // Standard error may be closed: it is not worth failing for.
        let _ = match self.is_terminal {
            true => write!(state.out, "\r{}\x1b[K\r", line.chars().take(COLUMNS).collect::<String>()),
            false => writeln!(state.out, "{line}"),
        };
        let _ = state.out.flush();
        state.is_drawn = self.is_terminal;
        state.said = Instant::now();
    }
}

impl State {
    /// `   ... LABEL: 20 s, 3 of 7 done: LAST WORDS`; nothing where nothing is done.
    fn line(&self) -> Option<String> {
        let named = self.tasks.iter().rev().find(|task| !task.label.is_empty()).or(self.tasks.last())?;
        let mut line = format!("   ... {}: {} s", named.label, named.since.elapsed().as_secs());
        if let Some((done, all)) = self.tasks.iter().rev().find_map(|task| task.counts) {
            line += &format!(", {done} of {all} done");
        }
        let heard = self.tasks.last().map_or("", |task| task.heard.as_str());
        if !heard.is_empty() {
            line += &format!(": {}", heard.chars().take(120).collect::<String>());
        }
        Some(line)
    }

    fn clear(&mut self) {
        if self.is_drawn {
            let _ = self.out.write_all(CLEAR.as_bytes()).and_then(|()| self.out.flush());
            self.is_drawn = false;
        }
    }
}

impl Task {
    /// Tells how long it will take, as soon as it takes more than a moment.
    pub fn expecting(self, time: String) -> Task {
        if let Some(task) = self.board.state().tasks.iter_mut().find(|task| task.id == self.id) {
            task.expected = Some(time);
        }
        self
    }

    /// One more part of it is done.
    pub fn done(&self) {
        let mut state = self.board.state();
        if let Some((done, _)) =
            state.tasks.iter_mut().find(|task| task.id == self.id).and_then(|task| task.counts.as_mut())
        {
            *done += 1;
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let mut state = self.board.state();
        state.clear();
        state.tasks.retain(|task| task.id != self.id);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a board wrote.
    #[derive(Clone, Default)]
    pub struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        /// Waits until it shows something.
        pub fn until(&self, has: impl Fn(&str) -> bool) -> String {
            let start = Instant::now();
            while !has(&self.text()) && start.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_millis(2));
            }
            self.text()
        }
    }

    /// A board that is in a hurry.
    pub fn quick_board(is_terminal: bool) -> (Arc<Board>, Screen) {
        let screen = Screen::default();
        let (interval, look) = (Duration::from_millis(40), Duration::from_millis(5));
        (Board::new(interval, look, is_terminal, Box::new(screen.clone())), screen)
    }

    #[test]
    fn silence_is_broken_by_a_line_in_a_log() {
        let (board, screen) = quick_board(false);
        thread::sleep(Duration::from_millis(80));
        assert_eq!(screen.text(), "", "nothing is done");
        let task = board.task("clippy, portable");
        let text = screen.until(|text| text.lines().count() >= 2);
        assert!(text.lines().all(|line| line == "   ... clippy, portable: 0 s"), "{text}");
        drop(task);
        let before = screen.text();
        thread::sleep(Duration::from_millis(80));
        assert_eq!(screen.text(), before, "nothing is done any more");
    }

    #[test]
    fn what_is_expected_is_told_once_before_anything_else() {
        for is_terminal in [false, true] {
            let (board, screen) = quick_board(is_terminal);
            drop(board.task("a moment").expecting("an hour".to_string()));
            let _task = board.task("work").expecting("two minutes".to_string());
            let text = screen.until(|text| text.contains("..."));
            assert!(text.starts_with("two minutes\n") && !text.contains("hour"), "{text}");
            assert_eq!(text.matches("two minutes").count(), 1, "{text}");
        }
    }

    #[test]
    fn whoever_speaks_is_not_silent() {
        let screen = Screen::default();
        let board = Board::new(Duration::from_secs(60), Duration::from_millis(1), false, Box::new(screen.clone()));
        let _task = board.task("work");
        for _ in 0..20 {
            board.between(|out| out.write_all(b"a word\n").unwrap());
            thread::sleep(Duration::from_millis(2));
        }
        assert!(!screen.text().contains("..."), "{}", screen.text());
    }

    #[test]
    fn the_innermost_task_is_named_and_parts_are_counted() {
        let (board, screen) = quick_board(false);
        let _command = board.task("cargo xtask test");
        let _step = board.task("[3/9] emulated cores");
        let parts = board.parts(7);
        parts.done();
        parts.done();
        let text = screen.until(|text| text.contains("done"));
        assert!(text.contains("   ... [3/9] emulated cores: 0 s, 2 of 7 done\n"), "{text}");
        drop(parts);
        board.hear("   Compiling atome v0.1.0 ");
        let text = screen.until(|text| text.contains("Compiling"));
        assert!(text.contains("   ... [3/9] emulated cores: 0 s: Compiling atome v0.1.0\n"), "{text}");
    }

    #[test]
    fn what_runs_aside_is_not_taken_for_the_task() {
        let (board, screen) = quick_board(false);
        let _step = board.task("[3/9] clippy");
        thread::scope(|scope| scope.spawn(|| board.hear("test layout ... ok")).join().unwrap());
        let text = screen.until(|text| text.lines().count() >= 2);
        assert!(!text.contains("layout"), "{text}");
    }

    #[test]
    fn a_terminal_gets_one_line_that_goes_away() {
        let (board, screen) = quick_board(true);
        let task = board.task("x".repeat(200));
        screen.until(|text| text.contains('x'));
        board.between(|out| out.write_all(b"a word\n").unwrap());
        let text = screen.text();
        assert!(text.contains("\r\x1b[Ka word\n") && !text.contains("x\n"), "{text:?}");
        assert!(text.split(['\r', '\n']).all(|line| line.chars().filter(|c| *c == 'x').count() <= COLUMNS), "{text:?}");
        screen.until(|text| text.ends_with("\x1b[K\r"));
        drop(task);
        assert!(screen.text().ends_with(CLEAR), "{:?}", screen.text());
    }

    #[test]
    fn a_guest_has_the_terminal_alone() {
        let (board, screen) = quick_board(true);
        let _task = board.task("work");
        screen.until(|text| text.contains("work"));
        board.left_alone(|| {
            let before = screen.text();
            thread::sleep(Duration::from_millis(60));
            assert_eq!(screen.text(), before);
        });
        let before = screen.text().len();
        assert!(screen.until(|text| text.len() > before).len() > before);
    }
}
