//! What is wrong with a grammar is said with its place, what was found and what was expected.

use atome_grammar::{compile, Place};

fn refusal(text: &str) -> String {
    compile(text).map(|_| ()).expect_err(text).to_string()
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    for (text, expected) in [
        ("", "line 1, column 1: no rule with the name answer, expected one"),
        ("Answer = 'a'", "line 1, column 1: no rule with the name answer"),
        ("answer 'a'", "line 1, column 8: found '\\'', expected = behind the name of a rule"),
        ("answer = ", "line 1, column 10: found the end of the file, expected a text in quotes"),
        ("answer = 'a' | ", "line 1, column 16: found the end of the file, expected a text in quotes"),
        ("answer = 'a' )", "line 1, column 14: found ')', expected |, something to follow, or the next rule"),
        ("answer = ('a' ", "line 1, column 15: found the end of the file, expected | or )"),
        ("answer = 'a\n'", "line 1, column 10: the text has no end on its line, expected '"),
        ("answer = \"\\q\"", "line 1, column 11: an escape that is none, expected"),
        ("answer = \"\\x80\"", "line 1, column 11: an escape that is none"),
        ("answer = \"\\u{d800}\"", "line 1, column 11: an escape that is none"),
        ("answer = \"\\x00\"", "line 1, column 11: the character 0, which ends texts in C"),
        ("answer = 'a'\nanswer = 'b'", "line 2, column 1: the rule answer is there already, in line 1, column 1"),
        ("answer = 'a' copy\ncopy = 'b'", "line 2, column 1: copy is a word of the language"),
        (
            "answer = 'on ' lamps\nlamp = 'a'",
            "line 1, column 16: lamps is no rule, expected the name of one; there is lamp",
        ),
        (
            "answer = 'a' 'b' answer",
            "line 1, column 18: answer reaches itself (answer -> answer), expected no recursion",
        ),
        ("answer = b\nb = 'x' | c\nc = b 'y'", "line 3, column 5: b reaches itself (b -> c -> b)"),
        // Left recursion is recursion, used or not.
        ("answer = 'a'\nb = b 'x' | 'x'", "line 2, column 5: b reaches itself (b -> b)"),
        ("answer = []", "line 1, column 10: a class without characters, which nothing satisfies"),
        ("answer = [^\\x01-\\u{10ffff}]", "line 1, column 10: a class without characters"),
        ("answer = [z-a]", "line 1, column 11: 'z' to 'a', expected the smaller character first"),
        ("answer = [a", "line 1, column 10: the class has no end on its line, expected ]"),
        ("answer = 'a'{3,2}", "line 1, column 13: 3 to 2, expected the smaller number first"),
        ("answer = 'a'{0}", "line 1, column 13: 0 times is never"),
        ("answer = 'a'{2000}", "line 1, column 14: found 2000, expected a whole number up to 1024"),
        ("answer = 'a'{}", "line 1, column 14: found '}', expected a whole number up to 1024"),
        ("answer = number(5..1)", "line 1, column 10: a range that no number is in"),
        ("answer = number(1..5, 0)", "line 1, column 10: a step that leads nowhere"),
        ("answer = number(0.0..9.9, 0.0001)", "line 1, column 10: 99001 numbers, expected at most 10000"),
        ("answer = number(1)", "line 1, column 18: found ')', expected .. between"),
        ("answer = number(a..b)", "line 1, column 17: found 'a', expected a number of at most 15 digits"),
        ("answer = text('a', 1..2)", "line 1, column 15: found '\\'', expected a class of characters"),
        ("answer = text([a])", "line 1, column 18: found ')', expected , and the lengths"),
        ("answer = '\"' copy(0..5) '\"'", "line 1, column 19: a copy of 0 bytes"),
        ("answer = copy([a-z\u{e9}])", "line 1, column 15: a copy with some characters beyond ASCII"),
        (
            "answer = 'say ' copy ' now'",
            "line 1, column 17: what follows this copy may begin with ' ', which the copy itself may have",
        ),
        ("answer = copy copy", "line 1, column 10: a copy right behind a copy"),
        (
            "answer = '\"' (copy | 'none') '\"'",
            "line 1, column 15: what may stand in place of this copy may begin with 'n'",
        ),
        ("answer = copy | copy([a-z])", "line 1, column 17: a copy beside another kind of copy"),
        (
            "answer = copy([a]) '.' copy([b]) '.' copy([c]) '.' copy([d])",
            "line 1, column 52: a copy of other bytes or lengths than 3 before it",
        ),
        ("answer = ''", "line 1, column 1: no answer but the empty one"),
        ("answer = a{99}\na = b{99}\nb = text([a-z], 1..99)", "the grammar gets too large here"),
        ("answer = text([a-z], 1..9) '!'\n'x' = 'y'", "line 2, column 5: found '=', expected |"),
    ] {
        let message = refusal(text);
        assert!(message.contains(expected), "{text}\n  {message}\n  {expected}");
    }
}

#[test]
fn a_table_beyond_the_limit_is_refused_with_its_size() {
    // Words that share nothing.
    let words: Vec<String> = (0..9000_u64).map(|n| format!("'{:x}'", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let message = refusal(&format!("answer = {}", words.join(" | ")));
    assert!(message.contains("the table would have") && message.contains("expected at most 65535"), "{message}");
    let message = refusal("answer = ([ab]{40} | 'c') ([a]{40}|[ab]{40}){8,40}? [ab]* 'a' [ab]{20}");
    assert!(message.contains("states"), "{message}");
}

#[test]
fn a_shortest_answer_beyond_the_tables_fields_is_refused() {
    let message = refusal("answer = ('<' copy([a-z]) '>'){256}");
    assert!(message.contains("the shortest answer has 256 copies, expected at most 255"), "{message}");
    let message = refusal("answer = row{64}\nrow = 'a'{1023} 'b'");
    assert!(message.contains("the shortest answer has 65536 bytes, expected at most 65534"), "{message}");
    let table = compile("answer = ('<' copy([a-z]) '>'){255} '!'?").unwrap().table;
    assert_eq!(atome_grammar::fits(&table, b"a", "<a>".repeat(255).as_bytes()), Ok(()));
}

#[test]
fn deep_parentheses_and_many_rules_are_refused() {
    for text in [
        format!("answer = {}'a'{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("answer = 'a'{}", "?".repeat(10_000)),
        (0..5000).map(|n| format!("a{n} = a{}\n", n + 1)).collect(),
        format!("answer = r0\n{}r999 = 'a'", (0..999).map(|n| format!("r{n} = r{}\n", n + 1)).collect::<String>()),
    ] {
        let message = refusal(&text);
        assert!(message.starts_with("line ") && message.contains("expected"), "{message}");
    }
}

#[test]
fn what_no_answer_needs_is_told_and_is_no_mistake() {
    let facts = compile("# lamps\nanswer = 'on' | 'off'\n\nlamp = room\nroom = 'hall'").unwrap().facts;
    let unused: Vec<_> = facts.unused.iter().map(|rule| (rule.name.as_str(), rule.place)).collect();
    assert_eq!(unused, [("lamp", Place { line: 4, column: 1 }), ("room", Place { line: 5, column: 1 })]);
    assert_eq!((facts.rules, facts.shortest, facts.longest, facts.copies), (3, 2, Some(3), 0));
    assert_eq!(facts.examples.len(), 2);
    assert_eq!(compile("answer = 'a'+").unwrap().facts.longest, None);
    let facts = compile("answer = '\"' copy(2..30) '\"'").unwrap().facts;
    assert_eq!(
        (facts.shortest, facts.longest, facts.copies, &facts.examples[..]),
        (2, Some(32), 1, &["\"<copy>\"".to_owned()][..])
    );
}
