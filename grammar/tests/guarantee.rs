//! Whatever a model wants, what comes is a whole text of the grammar: random grammars, random logits, random vocabularies,
//! hostile tables. What a grammar means is told by a second, naive definition.

use atome_engine::argmax;
use atome_engine::grammar::{Allowed, Bytes, Grammar, NoText, TokenBytes};
use atome_engine::sample::Sampler;
use atome_grammar::{compile, fits};
use random::Rng;

#[allow(dead_code, reason = "the engine's tests use the rest")]
#[path = "../../engine/tests/common/random.rs"]
mod random;

/// A part of a grammar, by its description.
#[derive(Clone)]
enum Part {
    Text(String),
    /// One of these characters.
    Class(Vec<char>),
    Number(i64, i64),
    /// In angle brackets, which no word has: a piece of so many bytes.
    Copy(usize, usize),
    Sequence(Vec<Part>),
    Choice(Vec<Part>),
    Repeat(Box<Part>, usize, usize),
}

const LETTERS: [char; 5] = ['a', 'b', ' ', '"', 'é'];

impl Part {
    fn random(rng: &mut Rng, depth: usize) -> Self {
        let parts = |rng: &mut Rng| (0..1 + rng.below(3)).map(|_| Self::random(rng, depth - 1)).collect();
        match rng.below(if depth == 0 { 4 } else { 8 }) {
            0 => Self::Text((0..1 + rng.below(4)).map(|_| LETTERS[rng.below(5)]).collect()),
            1 => Self::Class((0..1 + rng.below(3)).map(|_| LETTERS[rng.below(5)]).collect()),
            2 => {
                let least = rng.below(120) as i64 - 30;
                Self::Number(least, least + rng.below(200) as i64)
            }
            3 => {
                let least = 1 + rng.below(4);
                // Of two kinds in all, so that three are seldom too many.
                if rng.below(2) == 0 {
                    Self::Copy(1, 40)
                } else {
                    Self::Copy(least.min(2), 6)
                }
            }
            4 | 5 => Self::Sequence(parts(rng)),
            6 => Self::Choice(parts(rng)),
            _ => {
                let least = rng.below(3);
                Self::Repeat(Box::new(Self::random(rng, depth - 1)), least, least + rng.below(3))
            }
        }
    }

    fn source(&self) -> String {
        let joined = |parts: &[Part], between: &str| {
            let parts: Vec<String> = parts.iter().map(Part::source).collect();
            format!("({})", parts.join(between))
        };
        match self {
            Self::Text(text) => format!("'{text}'"),
            Self::Class(class) => format!("[{}]", class.iter().collect::<String>()),
            Self::Number(least, most) => format!("number({least}..{most})"),
            Self::Copy(least, most) => format!("'<' copy([^<>], {least}..{most}) '>'"),
            Self::Sequence(parts) => joined(parts, " "),
            Self::Choice(parts) => joined(parts, " | "),
            Self::Repeat(part, 0, 0) => format!("{}?", joined(std::slice::from_ref(part), "")),
            Self::Repeat(part, least, most) => {
                let most = (*most).max(1);
                format!("{}{{{least},{most}}}", joined(std::slice::from_ref(part), ""))
            }
        }
    }

    /// Where texts of the part that begin at `at` may end.
    fn ends(&self, text: &str, at: usize, prompt: &str) -> Vec<usize> {
        let rest = &text[at..];
        let mut ends: Vec<usize> = match self {
            Self::Text(expected) => {
                rest.starts_with(expected.as_str()).then_some(at + expected.len()).into_iter().collect()
            }
            Self::Class(class) => {
                let first = rest.chars().next().filter(|first| class.contains(first));
                first.map(|first| at + first.len_utf8()).into_iter().collect()
            }
            Self::Number(least, most) => {
                let is_number = |len: &usize| {
                    let digits = rest.get(..*len).unwrap_or_default();
                    let number = digits.parse::<i64>().ok().filter(|number| number.to_string() == digits);
                    number.is_some_and(|number| (*least..=*most).contains(&number))
                };
                (1..=rest.len().min(5)).filter(is_number).map(|len| at + len).collect()
            }
            Self::Copy(least, most) => {
                let piece = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(piece, _)| piece);
                let is_right = |piece: &&str| (*least..=*most).contains(&piece.len()) && pieces(prompt).contains(piece);
                piece.filter(is_right).map(|piece| at + piece.len() + 2).into_iter().collect()
            }
            Self::Sequence(parts) => parts
                .iter()
                .fold(vec![at], |ends, part| ends.into_iter().flat_map(|at| part.ends(text, at, prompt)).collect()),
            Self::Choice(parts) => parts.iter().flat_map(|part| part.ends(text, at, prompt)).collect(),
            Self::Repeat(part, least, most) => {
                let (mut ends, mut all) = (vec![at], if *least == 0 { vec![at] } else { Vec::new() });
                for count in 1..=(*most).max(1) {
                    ends = ends.into_iter().flat_map(|at| part.ends(text, at, prompt)).collect();
                    ends.sort_unstable();
                    ends.dedup();
                    if count >= *least {
                        all.extend(&ends);
                    }
                }
                all
            }
        };
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    fn has(&self, text: &str, prompt: &str) -> bool {
        self.ends(text, 0, prompt).contains(&text.len())
    }
}

/// Whole words of the prompt, with all between them.
fn pieces(prompt: &str) -> Vec<&str> {
    let is_word = |found: char| found.is_ascii_alphanumeric() || !found.is_ascii();
    let is_border = |at: usize| {
        let before = prompt[..at].chars().next_back().is_some_and(is_word);
        !(before && prompt[at..].chars().next().is_some_and(is_word))
    };
    let borders: Vec<usize> = (0..=prompt.len()).filter(|&at| prompt.is_char_boundary(at) && is_border(at)).collect();
    let all = borders.iter().flat_map(|&start| borders.iter().map(move |&end| (start, end)));
    let texts = all.filter(|(start, end)| start < end).map(|(start, end)| &prompt[start..end]);
    texts.filter(|text| text.trim() == *text && !text.contains(['<', '>'])).collect()
}

/// Subwords: all bytes, and some more behind them; the last token stands for nothing.
struct Subwords(Vec<Vec<u8>>);

impl Subwords {
    fn random(rng: &mut Rng) -> Self {
        let mut all: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        for _ in 0..40 {
            let len = 2 + rng.below(3);
            all.push((0..len).map(|_| b"ab <>\"0123\xc3\xa9"[rng.below(12)]).collect());
        }
        all.push(Vec::new());
        Self(all)
    }
}

impl TokenBytes for &Subwords {
    fn bytes(&self, token: usize) -> &[u8] {
        self.0.get(token).map(Vec::as_slice).unwrap_or_default()
    }

    fn of_byte(&self, byte: u8) -> Option<usize> {
        Some(byte.into())
    }

    fn count(&self, mut text: &[u8]) -> usize {
        let mut count = 0;
        while !text.is_empty() {
            let tokens = self.0.iter().filter(|token| !token.is_empty() && text.starts_with(token));
            text = &text[tokens.map(Vec::len).max().unwrap_or(1)..];
            count += 1;
        }
        count
    }
}

/// Logits that a broken model may give, too.
fn logits(rng: &mut Rng, count: usize) -> Vec<f32> {
    let way = rng.below(8);
    let logit = |rng: &mut Rng| match way {
        0 => f32::NAN,
        1 => f32::NEG_INFINITY,
        2 => rng.value(true),
        _ => 8.0 * rng.float(),
    };
    (0..count).map(|_| logit(rng)).collect()
}

/// A text that is made by random logits; `None` where there is none. It fails where it is not whole or has no room.
fn made(
    rng: &mut Rng,
    table: &[u8],
    tokens: impl TokenBytes,
    count: usize,
    prompt: &str,
    room: usize,
) -> Option<Vec<u8>> {
    made_within(rng, table, (tokens, count), prompt, room, usize::MAX)
}

/// [`made`], in so many bytes. `tokens` come with their number.
fn made_within(
    rng: &mut Rng,
    table: &[u8],
    (tokens, count): (impl TokenBytes, usize),
    prompt: &str,
    room: usize,
    most_bytes: usize,
) -> Option<Vec<u8>> {
    let grammar = Grammar::open(table).expect("checked before");
    let stop = [None, Some(usize::from(b'\n')), Some(count - 1)][rng.below(3)].filter(|&stop| stop < count);
    let allowed = Allowed { most_bytes, ..Allowed::new(grammar, &tokens) };
    let mut guide = match allowed.begin(prompt.bytes(), count, stop, room) {
        Ok(guide) => guide,
        Err(NoText::NoRoom | NoText::Unsayable(_)) => return None,
    };
    let mut sampler = Sampler::new([0.0, 1.0][rng.below(2)], 1 + rng.below(300), 0.9, rng.next()).unwrap();
    let mut text = Vec::new();
    for used in 0..=room {
        if (used == room && stop.is_none()) || guide.must_end() {
            break;
        }
        let mut logits = logits(rng, count);
        let before = logits.clone();
        let token = guide.pick(&mut logits, room - used, |logits| match rng.below(2) {
            0 => argmax(logits.iter().copied()),
            _ => sampler.sample(logits),
        });
        // What may end here has no room for more.
        let Some(token) = token else { break };
        assert_eq!(logits[token].to_bits(), before[token].to_bits());
        if Some(token) == stop {
            break;
        }
        assert!(used < room);
        text.extend(tokens.bytes(token));
    }
    assert!(guide.may_end(), "{:?} is not whole", String::from_utf8_lossy(&text));
    assert!(text.len() <= most_bytes);
    Some(text)
}

const PROMPTS: [&str; 4] = ["", "play abba aab 7 by b", "b é a\u{e9}b \"a b\" ab12", "  <a> b"];

#[test]
fn what_is_made_is_a_whole_text_of_the_grammar_and_what_fits_is_one() {
    let mut rng = Rng(1);
    let (mut made_texts, mut refused, mut fitting, mut misfits) = (0, 0, 0, 0);
    for round in 0..1500 {
        let part = Part::random(&mut rng, 3);
        let source = format!("answer = {}", part.source());
        let Ok(compiled) = compile(&source) else {
            refused += 1;
            continue;
        };
        let subwords = Subwords::random(&mut rng);
        let prompt = PROMPTS[rng.below(4)];
        let mut texts = Vec::new();
        for _ in 0..6 {
            let room = rng.below(40);
            let text = match rng.below(2) {
                0 => made(&mut rng, &compiled.table, Bytes, 256, prompt, room),
                _ => {
                    let most_bytes = [usize::MAX, rng.below(60)][rng.below(2)];
                    let tokens = (&subwords, subwords.0.len());
                    made_within(&mut rng, &compiled.table, tokens, prompt, room, most_bytes)
                }
            };
            let Some(text) = text else { continue };
            let text = String::from_utf8(text).expect("text");
            assert!(part.has(&text, prompt), "round {round}: {text:?} is none of {source} for {prompt:?}");
            if let Some(longest) = compiled.facts.longest {
                assert!(text.len() <= longest, "{text:?} in {source}");
            }
            made_texts += 1;
            texts.push(text);
        }
        for text in texts {
            let mut changed: Vec<char> = text.chars().collect();
            match rng.below(3) {
                0 => changed.truncate(rng.below(changed.len() + 1)),
                1 => changed.insert(rng.below(changed.len() + 1), LETTERS[rng.below(5)]),
                _ => changed.extend(text.chars()),
            }
            for text in [text, changed.into_iter().collect()] {
                let is_one = part.has(&text, prompt);
                assert_eq!(
                    fits(&compiled.table, prompt.as_bytes(), text.as_bytes()).is_ok(),
                    is_one,
                    "{text:?} in {source}"
                );
                fitting += usize::from(is_one);
                misfits += usize::from(!is_one);
            }
        }
    }
    println!("{made_texts} texts made, {refused} grammars refused; {fitting} texts fit, {misfits} do not");
    assert!(made_texts > 3000 && fitting > 3000 && misfits > 1000 && refused < 500);
}

/// With just the room that the shortest text takes, that text comes; with less, none.
#[test]
fn the_shortest_text_has_room_where_it_just_fits() {
    for (source, shortest) in [
        ("answer = '{\"dim\":' number(100..200) '}'", 11),
        ("answer = 'a'* 'bcd' | 'xy'+ 'z'", 3),
        ("answer = \"say \" copy([a-z], 2..9)", 6),
        ("answer = text([a-z ], 3..70) | 'ab' text(['], 1..2)", 3),
    ] {
        let table = compile(source).unwrap().table;
        let mut rng = Rng(7);
        for _ in 0..50 {
            let text = made(&mut rng, &table, Bytes, 256, "oh my prompt", shortest).expect("room");
            assert_eq!(text.len(), shortest, "{source}");
            assert_eq!(made(&mut rng, &table, Bytes, 256, "oh my prompt", shortest - 1), None, "{source}");
        }
    }
}

/// Room is counted in tokens: what has many bytes may have few of them.
#[test]
fn a_text_of_few_tokens_has_room_in_few() {
    let mut subwords = Subwords((0..=255).map(|byte| vec![byte]).collect());
    subwords.0.extend([&b"{\"lamp\":\""[..], b"kitchen", b"\"}", b"tchen", b""].map(<[u8]>::to_vec));
    let table = compile("answer = '{\"lamp\":\"' ('kitchen' | 'hall' | copy([0-9], 1..9)) '\"}'").unwrap().table;
    let mut rng = Rng(11);
    // The first text, "hall" byte by byte, and the end.
    for room in 6..9 {
        for _ in 0..60 {
            let text = made(&mut rng, &table, &subwords, 261, "12345678 9", room);
            assert!(text.is_some(), "room for {room} tokens");
        }
    }
    assert_eq!(made(&mut rng, &table, &subwords, 261, "", 3), None);
    assert_eq!(made(&mut rng, &table, Bytes, 256, "", 14), None, "15 bytes");
}

#[test]
fn a_copy_that_the_prompt_does_not_have_leaves_the_other_ways() {
    let table = compile("answer = 'no' | 'at ' copy([0-9], 1..4) | 'by ' copy([a-z], 1..9)").unwrap().table;
    let mut rng = Rng(3);
    for (prompt, allowed) in [
        ("at 12 by me", &["no", "at 12", "by at", "by by", "by me"][..]),
        ("about 12345", &["no", "by about"]),
        ("7 !", &["no", "at 7"]),
        ("?", &["no"]),
    ] {
        let mut seen = Vec::new();
        for _ in 0..400 {
            let text = String::from_utf8(made(&mut rng, &table, Bytes, 256, prompt, 20).expect("no")).unwrap();
            assert!(allowed.contains(&text.as_str()), "{text} for {prompt}");
            if !seen.contains(&text) {
                seen.push(text);
            }
        }
        assert_eq!(seen.len(), allowed.len(), "{prompt}: {seen:?}");
    }
    let table = compile("answer = copy([0-9], 1..4)").unwrap().table;
    assert_eq!(made(&mut rng, &table, Bytes, 256, "no digits", 20), None);
}

/// A grammar of every kind of thing.
const RICH: &str = "
    answer = '{\"do\":\"' do '\"' (',\"at\":' number(5.0..30.0, 0.5))? '}' | list
    do = 'dim' | 'play ' copy | text([a-zé], 1..4)
    list = '[' copy([0-9], 1..3) (',' copy([0-9], 1..3)){0,2} ']' | '!'+
";

/// A table with any bit flipped is refused, or gives whole texts of its own: it always ends.
#[test]
fn no_flipped_bit_makes_a_text_without_an_end() {
    let table = compile(RICH).unwrap().table;
    let mut rng = Rng(5);
    let (mut refused, mut taken) = (0, 0);
    for bit in 0..8 * table.len() {
        let mut changed = table.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if Grammar::open(&changed).is_err() {
            refused += 1;
            continue;
        }
        taken += 1;
        for prompt in ["dim it 12 at 7", ""] {
            made(&mut rng, &changed, Bytes, 256, prompt, 30);
        }
    }
    println!("{} bytes: {refused} flips refused, {taken} taken for grammars", table.len());
    assert!(refused > taken / 2 && taken > 0);
    for len in 0..table.len() {
        assert!(Grammar::open(&table[..len]).is_err(), "{len} bytes");
    }
    assert!(Grammar::open(&[table.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn any_bytes_in_a_table_are_refused_or_end() {
    let table = compile(RICH).unwrap().table;
    let (mut rng, mut taken) = (Rng(9), 0);
    for _ in 0..40_000 {
        let mut changed = table.clone();
        for _ in 0..1 + rng.below(3) {
            let at = 8 + rng.below(changed.len() - 8);
            changed[at] = match rng.below(3) {
                0 => rng.below(256) as u8,
                1 => changed[at].wrapping_add(1),
                _ => changed[8 + rng.below(table.len() - 8)],
            };
        }
        if Grammar::open(&changed).is_ok() {
            taken += 1;
            made(&mut rng, &changed, Bytes, 256, "dim it 12 at 7", 30);
        }
    }
    assert!(taken > 1000, "{taken}");
}

#[test]
fn the_same_text_gives_the_same_table() {
    assert_eq!(compile(RICH).unwrap().table, compile(RICH).unwrap().table);
    let other = "answer = list | '{\"do\":\"' do '\"' '}' | '{\"do\":\"' do '\",\"at\":' number(5.0..30.0, 0.5) '}'
        do = text([éa-z], 1..4) | 'dim' | ('play ' copy)
        list = '!' '!'* | '[' d ']' | '[' d (',' d){1,2} ']'
        d = copy([0-9], 1..3)";
    // Another way to say it: the table has no more states.
    let (one, two) = (compile(RICH).unwrap(), compile(other).unwrap());
    assert_eq!((one.facts.states, one.table.len()), (two.facts.states, two.table.len()));
}

/// The array in the C program is what its grammar compiles to.
#[test]
fn the_c_programs_table_is_its_grammars() {
    let table = compile(include_str!("../../c_tests/programs/lamp_grammar.txt")).unwrap().table;
    let program = include_str!("../../c_tests/programs/guaranteed_answers.c");
    let (_, array) = program.split_once("lamp_table[").unwrap();
    let (_, array) = array.split_once("] = {").unwrap();
    let (array, _) = array.split_once("};").unwrap();
    let numbers: Vec<u8> = array.split("0x").skip(1).map(|byte| u8::from_str_radix(&byte[..2], 16).unwrap()).collect();
    assert_eq!(numbers, table);
}

/// The examples of the language's page are grammars.
#[test]
fn the_pages_examples_compile() {
    let page = include_str!("../../docs/grammar.md");
    let blocks: Vec<&str> = page.split("```\n").filter(|block| block.contains("answer = ")).collect();
    assert_eq!(blocks.len(), 4);
    let tables: Vec<Vec<u8>> =
        blocks.iter().map(|block| compile(block).unwrap_or_else(|error| panic!("{error} in {block}")).table).collect();
    let [lamp, thermostat, player, message] = tables.as_slice() else { panic!("four") };
    for (table, prompt, text) in [
        (lamp, "", r#"{"lamp":"attic","dim":70}"#),
        (thermostat, "", r#"{"temp":19.5}"#),
        (player, "play some abba from 1976", r#"{"intent":"play","slots":{"artist":"abba"}}"#),
        (message, "", "at 7:05: back soon, don't wait."),
    ] {
        assert_eq!(fits(table, prompt.as_bytes(), text.as_bytes()), Ok(()), "{text}");
    }
    assert!(fits(player, b"play abba", br#"{"intent":"play","slots":{"artist":"queen"}}"#).is_err());
    assert!(page.contains(&format!("{} bytes as a table", thermostat.len())), "{} bytes", thermostat.len());
}
