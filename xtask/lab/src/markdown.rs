//! A Markdown table whose columns line up in plain text, too.

/// The head is the first row; the first `left` columns are words, the others numbers.
pub fn table(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(3);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<_> = cells
            .map(|(i, (cell, &width))| if i < left { format!("{cell:width$}") } else { format!("{cell:>width$}") })
            .collect();
        text += &format!("| {} |\n", cells.join(" | "));
        if index == 0 {
            let rules: Vec<_> = widths
                .iter()
                .enumerate()
                .map(|(i, &width)| if i < left { "-".repeat(width) } else { "-".repeat(width - 1) + ":" })
                .collect();
            text += &format!("| {} |\n", rules.join(" | "));
        }
    }
    text
}

/// A number with a blank at each thousand.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["core".to_string(), "code".to_string()], vec!["m3".to_string(), "1".to_string()]];
        assert_eq!(table(&rows, 1), "| core | code |\n| ---- | ---: |\n| m3   |    1 |\n");
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([7, 1234, 999_999, 1_000_000].map(grouped), ["7", "1 234", "999 999", "1 000 000"]);
    }
}
