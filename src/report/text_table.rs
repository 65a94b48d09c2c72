//! Aligned tables of text, and the few styles that a terminal may show.

/// Whether text may carry colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Text without escape sequences: for pipes, files and `NO_COLOR`.
    pub const PLAIN: Style = Style { colour: false };
    /// Text for a terminal.
    pub const COLOUR: Style = Style { colour: true };

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// What the user should look at.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// What went wrong.
    pub fn error(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// How a row looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Heading,
    Normal,
    Note,
}

/// Rows of cells; the first column is aligned left, the others right (or as
/// [`Table::left`] says).
#[derive(Debug)]
pub struct Table {
    rows: Vec<(Look, Vec<String>)>,
    left: Vec<usize>,
    widest: usize,
}

impl Table {
    /// A table with a heading.
    pub fn new<S: Into<String>>(heading: impl IntoIterator<Item = S>) -> Self {
        let heading = heading.into_iter().map(Into::into).collect();
        Table { rows: vec![(Look::Heading, heading)], left: vec![0], widest: usize::MAX }
    }

    /// Aligns these columns left.
    #[must_use]
    pub fn left(mut self, columns: &[usize]) -> Self {
        self.left.extend_from_slice(columns);
        self
    }

    /// Shortens cells of left-aligned columns to this many characters.
    #[must_use]
    pub fn widest(mut self, characters: usize) -> Self {
        self.widest = characters;
        self
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push((Look::Normal, cells.into_iter().map(Into::into).collect()));
    }

    /// Adds a line of text below the rows so far, across all columns.
    pub fn note(&mut self, text: impl Into<String>) {
        self.rows.push((Look::Note, vec![text.into()]));
    }

    /// The table as lines, each with a final newline and without trailing blanks.
    pub fn render(&self, style: Style) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for (look, cells) in &self.rows {
            let line = match look {
                Look::Note => cells[0].clone(),
                _ => self.line(cells, &widths),
            };
            text.push_str(&match look {
                Look::Heading => style.bold(line.trim_end()),
                Look::Normal => line.trim_end().to_owned(),
                Look::Note => style.dim(line.trim_end()),
            });
            text.push('\n');
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for (_, cells) in self.rows.iter().filter(|(look, _)| *look != Look::Note) {
            widths.resize(widths.len().max(cells.len()), 0);
            for (i, cell) in cells.iter().enumerate() {
                widths[i] = widths[i].max(self.fit(i, cell).chars().count());
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (i, cell) in cells.iter().enumerate() {
            let cell = self.fit(i, cell);
            let pad = " ".repeat(widths[i] - cell.chars().count());
            let gap = if i == 0 { "" } else { "  " };
            line.push_str(gap);
            let parts = if self.left.contains(&i) { [&cell, &pad] } else { [&pad, &cell] };
            line.extend(parts.map(String::as_str));
        }
        line
    }

    /// The cell, its middle cut out if its column is of text and it is too wide.
    fn fit(&self, column: usize, cell: &str) -> String {
        let length = cell.chars().count();
        if !self.left.contains(&column) || length <= self.widest {
            return cell.to_owned();
        }
        let head = (self.widest - 1) * 2 / 3;
        let tail = self.widest - 1 - head;
        let start: String = cell.chars().take(head).collect();
        let end: String = cell.chars().skip(length - tail).collect();
        format!("{start}…{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["Cut", "region", "events"]).left(&[1]).widest(10);
        table.row(["opposite charge pair", "all", "1,000"]);
        table.row(["β", "x", "1"]);
        table.note("and 3 more");
        table
    }

    #[test]
    fn columns_are_aligned() {
        let expected = "\
Cut         region  events
opposi…air  all      1,000
β           x            1
and 3 more
";
        assert_eq!(table().render(Style::PLAIN), expected);
    }

    #[test]
    fn colours_only_wrap_lines() {
        let text = table().render(Style::COLOUR);
        assert!(text.starts_with("\x1b[1mCut         region  events\x1b[0m\n"), "{text:?}");
        assert_eq!(text.lines().count(), 4);
    }
}
