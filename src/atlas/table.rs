//! The embedded tables' form: `#` comments, one header line, comma-separated cells, no quoting.

use std::collections::BTreeMap;

/// The header's names and the rows of a table.
pub(super) struct Table<'a> {
    columns: BTreeMap<&'a str, usize>,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    /// Reads a table; the first line that is not a comment is the header.
    pub(super) fn parse(text: &'a str) -> Self {
        let mut lines = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| line.split(',').collect::<Vec<_>>());
        let columns = lines
            .next()
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, name)| (name, index))
            .collect();
        Self {
            columns,
            rows: lines.collect(),
        }
    }

    /// The names of the columns with their indexes.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'a str, usize)> + '_ {
        self.columns.iter().map(|(name, index)| (*name, *index))
    }

    /// All rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_, 'a>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }
}

/// One row of a table.
pub(super) struct Row<'t, 'a> {
    table: &'t Table<'a>,
    cells: &'t [&'a str],
}

impl<'a> Row<'_, 'a> {
    /// The cell of a named column; empty where there is none.
    pub(super) fn get(&self, column: &str) -> &'a str {
        self.table
            .columns
            .get(column)
            .and_then(|&index| self.cells.get(index))
            .copied()
            .unwrap_or("")
    }

    /// The cell at an index; empty where there is none.
    pub(super) fn at(&self, index: usize) -> &'a str {
        self.cells.get(index).copied().unwrap_or("")
    }
}
