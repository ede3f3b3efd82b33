//! Guesses, and whether they are sure enough.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, WINDOWS_1252};

/// Bytes that are looked at.
const SAMPLE: usize = 4 << 20;

/// Bytes that are decoded to compare two guesses.
const COMPARED: usize = 1 << 16;

/// Where a page could be from: of each kind of place that the detector knows, one. It expects other encodings in each.
const PLACES: [&[u8]; 24] = [
    b"com", b"de", b"ru", b"ua", b"pl", b"hu", b"gr", b"tr", b"il", b"ae", b"th", b"jp", b"kr", b"cn", b"tw", b"lt",
    b"is", b"vn", b"eu", b"am", b"az", b"ba", b"hk", b"ee",
];

/// A guess counts when it is the same for a text from so many places. With fewer, or with less evidence, it is often wrong:
/// of 1,152 pieces of text in 33 languages and 60 to 5,000 characters these limits let 728 pass (279 of 288 of the longest),
/// one of them wrong.
const ENOUGH_PLACES: usize = 10;

/// Bytes beyond ASCII that make enough evidence.
const ENOUGH_EVIDENCE: usize = 24;

/// Whether this is Japanese in the encoding of old mails, whose bytes are those of ASCII.
pub fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.contains(&0x1b) && bytes.is_ascii() && detector(bytes).guess(None, Utf8Detection::Deny) == ISO_2022_JP
}

/// The likeliest encoding of `bytes` that are not UTF-8, and whether it is sure enough.
pub fn guess(bytes: &[u8]) -> (&'static Encoding, bool) {
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or(bytes);
    let detector = detector(sample);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let compared = sample.get(..sample.len().min(COMPARED)).unwrap_or(sample);
    let text = |encoding: &'static Encoding| encoding.decode_without_bom_handling(compared).0;
    let agreed = text(guess);
    let agrees = |place: &&[u8]| {
        let other = detector.guess(Some(place), Utf8Detection::Deny);
        other == guess || text(other) == agreed
    };
    let evidence = sample.iter().filter(|byte| !byte.is_ascii()).count();
    let is_sure = evidence >= ENOUGH_EVIDENCE
        && PLACES.iter().filter(|place| agrees(place)).count() >= ENOUGH_PLACES
        && !(guess == WINDOWS_1252 && looks_hungarian(&agreed));
    (guess, is_sure)
}

fn detector(bytes: &[u8]) -> EncodingDetector {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector
}

/// Whether a text of windows-1252 would be one of windows-1250, too: Hungarian has two letters that only look otherwise, and
/// no others that would tell.
fn looks_hungarian(text: &str) -> bool {
    let letters = || text.chars().filter(|letter| !letter.is_ascii() && letter.is_alphabetic());
    let has_both_readings = letters().any(|letter| matches!(letter, '\u{f5}' | '\u{fb}' | '\u{d5}' | '\u{db}'));
    let hungarian = "\u{e1}\u{e9}\u{ed}\u{f3}\u{f5}\u{f6}\u{fa}\u{fb}\u{fc}";
    has_both_readings && letters().all(|letter| letter.to_lowercase().all(|letter| hungarian.contains(letter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::named;

    /// Sentences with letters that tell.
    const TEXTS: [(&str, &[&str]); 8] = [
        (
            "Die gr\u{f6}\u{df}ten St\u{e4}dte der Schweiz sind Z\u{fc}rich und Genf. \u{dc}berm\u{e4}\u{df}iger Genu\u{df} \
             von s\u{fc}\u{df}em Geb\u{e4}ck f\u{fc}hrt zu M\u{fc}digkeit. Fr\u{fc}her hie\u{df} das sch\u{f6}ne M\u{e4}dchen \
             K\u{e4}the, heute hei\u{df}t es Gr\u{e4}fin. Er tr\u{e4}gt gr\u{fc}ne Str\u{fc}mpfe. Wir m\u{f6}chten \u{fc}ber die Br\u{fc}cke fahren, k\u{f6}nnen aber die B\u{e4}ume nicht sehen.",
            &["windows-1252"],
        ),
        (
            "L'\u{e9}t\u{e9} dernier, nous avons visit\u{e9} les ch\u{e2}teaux. \u{c7}a a \u{e9}t\u{e9} tr\u{e8}s agr\u{e9}able: \
             le ma\u{ee}tre d'h\u{f4}tel \u{e9}tait \u{e9}l\u{e9}gant, les fen\u{ea}tres \u{e9}taient ouvertes et l'on pouvait \
             go\u{fb}ter \u{e0} la cr\u{e8}me br\u{fb}l\u{e9}e. O\u{f9} \u{e9}tiez-vous hier? D\u{e9}j\u{e0} \u{e0} No\u{eb}l.",
            &["windows-1252"],
        ),
        (
            "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43c}\u{438}\u{440}! \u{42d}\u{442}\u{43e} \u{442}\u{435}\u{441}\
             \u{442}\u{43e}\u{432}\u{44b}\u{439} \u{442}\u{435}\u{43a}\u{441}\u{442} \u{43d}\u{430} \u{440}\u{443}\u{441}\
             \u{441}\u{43a}\u{43e}\u{43c} \u{44f}\u{437}\u{44b}\u{43a}\u{435}.",
            &["windows-1251", "koi8-r", "ibm866"],
        ),
        (
            "\u{3053}\u{3093}\u{306b}\u{3061}\u{306f}\u{3001}\u{4e16}\u{754c}\u{3002}\u{3053}\u{308c}\u{306f}\u{65e5}\u{672c}\
             \u{8a9e}\u{306e}\u{30c6}\u{30b9}\u{30c8}\u{3067}\u{3059}\u{3002}\u{6628}\u{65e5}\u{3001}\u{65b0}\u{3057}\u{3044}\
             \u{6620}\u{753b}\u{3092}\u{898b}\u{307e}\u{3057}\u{305f}\u{3002}",
            &["shift_jis", "euc-jp"],
        ),
        (
            "\u{4f60}\u{597d}\u{ff0c}\u{4e16}\u{754c}\u{ff01}\u{8fd9}\u{662f}\u{4e00}\u{6bb5}\u{4e2d}\u{6587}\u{6d4b}\u{8bd5}\
             \u{6587}\u{5b57}\u{3002}\u{6628}\u{5929}\u{6211}\u{4eec}\u{53bb}\u{7535}\u{5f71}\u{9662}\u{770b}\u{7535}\u{5f71}\u{3002}",
            &["gbk"],
        ),
        (
            "\u{c548}\u{b155}\u{d558}\u{c138}\u{c694}, \u{c138}\u{acc4}! \u{c774}\u{ac83}\u{c740} \u{d55c}\u{ad6d}\u{c5b4}\u{b85c} \
             \u{b41c} \u{c2dc}\u{d5d8}\u{c6a9} \u{ae00}\u{c785}\u{b2c8}\u{b2e4}.",
            &["euc-kr"],
        ),
        (
            "\u{393}\u{3b5}\u{3b9}\u{3ac} \u{3c3}\u{3bf}\u{3c5}, \u{3ba}\u{3cc}\u{3c3}\u{3bc}\u{3b5}! \u{391}\u{3c5}\u{3c4}\u{3cc} \
             \u{3b5}\u{3af}\u{3bd}\u{3b1}\u{3b9} \u{3ad}\u{3bd}\u{3b1} \u{3ba}\u{3b5}\u{3af}\u{3bc}\u{3b5}\u{3bd}\u{3bf}.",
            &["windows-1253"],
        ),
        (
            "Za\u{17c}\u{f3}\u{142}\u{107} g\u{119}\u{15b}l\u{105} ja\u{17a}\u{144}. W \u{141}odzi \u{17c}yje wielu ludzi, \
             kt\u{f3}rzy cz\u{119}sto podr\u{f3}\u{17c}uj\u{105}. Prosz\u{119} usi\u{105}\u{15b}\u{107}. Ksi\u{105}\u{17c}ka \
             le\u{17c}y na p\u{f3}\u{142}ce obok \u{15b}wie\u{17c}ych kwiat\u{f3}w.",
            &["windows-1250", "iso-8859-2"],
        ),
    ];

    #[test]
    fn texts_of_many_languages_are_guessed_rightly_and_surely() {
        for (text, labels) in TEXTS {
            for label in labels {
                let (bytes, _, has_lost) = named(label).unwrap().encode(text);
                assert!(!has_lost, "{label}");
                let (found, is_sure) = guess(&bytes);
                assert_eq!(found.decode_without_bom_handling(&bytes).0, text, "{label}: {}", found.name());
                assert!(is_sure, "{label}");
            }
        }
        let (mail, _, _) = ISO_2022_JP.encode(TEXTS[3].0);
        assert!(is_iso_2022_jp(&mail) && !is_iso_2022_jp(b"\x1b[0mcolours") && !is_iso_2022_jp(b"plain"));
    }

    #[test]
    fn short_or_ambiguous_texts_are_not_sure() {
        for (text, labels) in TEXTS {
            let (bytes, _, _) = named(labels[0]).unwrap().encode(text);
            assert!(!guess(&bytes[..20]).1, "{}", labels[0]);
        }
        let hungarian = "\u{c1}rv\u{ed}zt\u{171}r\u{151} t\u{fc}k\u{f6}rf\u{fa}r\u{f3}g\u{e9}p. K\u{f6}sz\u{f6}n\u{f6}m \
                         sz\u{e9}pen, j\u{f3}l vagyok. Az id\u{151} kellemes volt, ez\u{e9}rt k\u{e9}s\u{151}n \u{e9}rt\u{fc}nk.";
        let (bytes, _, _) = named("windows-1250").unwrap().encode(hungarian);
        let (found, is_sure) = guess(&bytes);
        assert!(!is_sure || found.decode_without_bom_handling(&bytes).0 == hungarian, "{}", found.name());
    }
}
