//! Columns of text: the first to the left, as names stand; the others to the right, as numbers do.

/// Rows of cells.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these words over its columns.
    pub(super) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&word| word.to_owned()).collect()] }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &self.rows {
            let padded = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                if column == 0 { format!("{cell:<width$}") } else { format!("   {cell:>width$}") }
            });
            writeln!(f, "{}", padded.collect::<String>().trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn names_stand_left_and_numbers_right() {
        let mut table = Table::new(&["", "wall", "µs"]);
        table.row(["run 1".to_owned(), "1.15 s".to_owned(), "7".to_owned()]);
        table.row(["run 10".to_owned(), "µ".to_owned()]);
        assert_eq!(table.to_string(), "           wall   µs\nrun 1    1.15 s    7\nrun 10        µ\n");
    }
}
