//! Numbers in a range.

use crate::reader::Reader;
use crate::refusal::{Place, Refusal};
use crate::syntax::{Part, What};

/// The most numbers that are listed; whole ones in steps of 1 are not.
const MAX_LISTED: i64 = 10_000;

/// The most digits of a number.
const MAX_DIGITS: usize = 15;

/// A number as whole units of its last decimal place.
#[derive(Clone, Copy)]
struct Decimal {
    units: i64,
    places: usize,
}

impl Decimal {
    fn with(self, places: usize) -> i64 {
        self.units * 10_i64.pow((places - self.places) as u32)
    }
}

/// `number(0..100)`, `number(5.0..30.0, 0.5)`: numbers with as many decimal places as the bounds and the step have.
pub fn number(reader: &mut Reader<'_>, place: Place) -> Result<What, Refusal> {
    reader.expect("(", "( behind number: number(0..100)")?;
    let least = decimal(reader)?;
    reader.expect("..", ".. between the least and the greatest number")?;
    let most = decimal(reader)?;
    reader.skip_blanks();
    let step = if reader.take(",") { Some(decimal(reader)?) } else { None };
    reader.expect(")", "), or , and a step")?;
    let places = [Some(least), Some(most), step].into_iter().flatten().map(|number| number.places).max().unwrap_or(0);
    let step = step.map_or(10_i64.pow(places as u32), |step| step.with(places));
    let (least, most) = (least.with(places), most.with(places));
    if most < least {
        return Err(Refusal::new(place, "a range that no number is in, expected the smaller number first"));
    }
    if step <= 0 {
        return Err(Refusal::new(place, "a step that leads nowhere, expected one above 0"));
    }
    if places == 0 && step == 1 {
        return Ok(what(place, whole(least, most)));
    }
    let count = (most - least) / step + 1;
    if count > MAX_LISTED {
        let message =
            format!("{count} numbers, expected at most {MAX_LISTED}; of whole ones in steps of 1 there may be more");
        return Err(Refusal::new(place, message));
    }
    let texts = (0..count).map(|index| What::Text(text(least + index * step, places).into_bytes()));
    Ok(what(place, texts.collect()))
}

fn what(place: Place, mut ways: Vec<What>) -> What {
    match ways.len() {
        1 => ways.remove(0),
        _ => What::Choice(ways.into_iter().map(|what| Part { place, what }).collect()),
    }
}

/// A number as it is written.
fn text(units: i64, places: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}{}{fraction}", if places > 0 { "." } else { "" })
}

fn decimal(reader: &mut Reader<'_>) -> Result<Decimal, Refusal> {
    const EXPECTED: &str = "a number of at most 15 digits, such as 20, -5 or 0.5";
    reader.skip_blanks();
    let place = reader.place();
    let is_negative = reader.take("-");
    let whole = reader.word(|found| found.is_ascii_digit());
    let mut fraction = "";
    // Two dots stand between two numbers.
    let mut ahead = reader.clone();
    if ahead.take(".") && ahead.peek().is_some_and(|found| found.is_ascii_digit()) {
        reader.next();
        fraction = reader.word(|found| found.is_ascii_digit());
    }
    if whole.is_empty() {
        return Err(reader.unexpected(EXPECTED));
    }
    let digits = format!("{whole}{fraction}");
    let units = digits.parse::<i64>().ok().filter(|_| digits.len() <= MAX_DIGITS && fraction.len() <= 6);
    let units = units
        .ok_or_else(|| Refusal::new(place, format!("a number of {} digits, expected {EXPECTED}", digits.len())))?;
    Ok(Decimal { units: if is_negative { -units } else { units }, places: fraction.len() })
}

/// Whole numbers, as few ways of ranges of digits.
fn whole(least: i64, most: i64) -> Vec<What> {
    let mut ways = Vec::new();
    if least < 0 {
        for mut ranges in magnitudes(most.min(-1).unsigned_abs(), least.unsigned_abs()) {
            ranges.insert(0, (b'-', b'-'));
            ways.push(What::Ranges(ranges));
        }
    }
    if most >= 0 {
        ways.extend(magnitudes(least.max(0).unsigned_abs(), most.unsigned_abs()).into_iter().map(What::Ranges));
    }
    ways
}

/// Numbers from `least` to `most`, each of these ways in one length.
fn magnitudes(least: u64, most: u64) -> Vec<Vec<(u8, u8)>> {
    let mut ways = Vec::new();
    let mut first = least;
    while first <= most {
        // The numbers as long as the first one.
        let end = if first == 0 { 9 } else { 10_u64.pow(first.ilog10() + 1) - 1 };
        let last = end.min(most);
        same_length(&first.to_string().into_bytes(), &last.to_string().into_bytes(), &mut ways);
        first = last + 1;
    }
    ways
}

/// Ways for all digits from `least` to `most`, which are as long.
fn same_length(least: &[u8], most: &[u8], ways: &mut Vec<Vec<(u8, u8)>>) {
    let (Some((&low, low_rest)), Some((&high, high_rest))) = (least.split_first(), most.split_first()) else {
        return ways.push(Vec::new());
    };
    let digits = low_rest.len();
    let mut with = |first: u8, last: u8, low: &[u8], high: &[u8]| {
        if first <= last {
            let mut rest = Vec::new();
            same_length(low, high, &mut rest);
            ways.extend(rest.into_iter().map(|way| [vec![(first, last)], way].concat()));
        }
    };
    let (zeros, nines) = (vec![b'0'; digits], vec![b'9'; digits]);
    if low == high {
        return with(low, high, low_rest, high_rest);
    }
    let (is_low_whole, is_high_whole) = (low_rest == zeros.as_slice(), high_rest == nines.as_slice());
    if !is_low_whole {
        with(low, low, low_rest, &nines);
    }
    with(low + u8::from(!is_low_whole), high - u8::from(!is_high_whole), &zeros, &nines);
    if !is_high_whole {
        with(high, high, &zeros, high_rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(ways: &[What], number: i64) -> bool {
        let text = number.to_string().into_bytes();
        ways.iter().any(|way| match way {
            What::Ranges(ranges) => {
                ranges.len() == text.len()
                    && ranges.iter().zip(&text).all(|(range, digit)| (range.0..=range.1).contains(digit))
            }
            _ => false,
        })
    }

    #[test]
    fn ranges_of_digits_have_just_the_numbers_between() {
        for (least, most) in [(0, 0), (0, 9), (0, 100), (7, 13), (95, 1205), (-5, 5), (-120, -7), (-1, 0), (999, 1000)]
        {
            let ways = whole(least, most);
            for number in -1500..1500 {
                assert_eq!(has(&ways, number), (least..=most).contains(&number), "{number} in {least}..{most}");
            }
        }
        assert!(whole(0, 999_999_999_999_999).len() < 20);
    }

    #[test]
    fn numbers_are_written_with_their_places() {
        assert_eq!([text(5, 0), text(5, 1), text(-5, 2), text(1250, 2)], ["5", "0.5", "-0.05", "12.50"]);
    }
}
