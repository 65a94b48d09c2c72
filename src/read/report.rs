//! What `gpuana inspect` says about a file: plain data, and a rendering as text.

use crate::schema::Shape;
use serde::Serialize;
use std::fmt::Write as _;

/// A file: what it is and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileReport {
    /// Path as given.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// The file's UUID in dashed form, empty if it has none.
    pub uuid: String,
    /// The library that wrote the file.
    pub writer: String,
    /// The file's default compression.
    pub compression: String,
    /// Trees and ntuples that can be opened.
    pub trees: Vec<TreeReport>,
    /// Everything else in the file's directories.
    pub others: Vec<ObjectReport>,
    /// Trees and directories that cannot be read.
    pub unread: Vec<UnreadReport>,
}

/// A tree or a directory that cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnreadReport {
    /// Name with its directories.
    pub name: String,
    /// Why.
    pub error: String,
}

/// An object that is not a tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectReport {
    /// Name with its directories.
    pub name: String,
    /// Class as the file names it.
    pub class: String,
}

/// One tree or ntuple.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeReport {
    /// Name with its directories.
    pub name: String,
    /// `TTree`, `RNTuple`, `Parquet` or `Arrow IPC`, with the version of the format if it has one.
    pub format: String,
    /// The program that wrote an RNTuple or a table.
    pub writer: Option<String>,
    /// Number of clusters (RNTuple), row groups (Parquet) or record batches (Arrow).
    pub clusters: Option<usize>,
    /// Cycle; of several the first in the directory's list is reported.
    pub cycle: i16,
    /// Number of events.
    pub entries: u64,
    /// Bytes of all branches after decompression.
    pub bytes: u64,
    /// Bytes of all branches on disk.
    pub compressed_bytes: u64,
    /// `bytes / compressed_bytes`, if there are bytes on disk.
    pub ratio: Option<f64>,
    /// The branches in file order.
    pub branches: Vec<BranchReport>,
}

/// One branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BranchReport {
    /// Name.
    pub name: String,
    /// Description.
    pub title: String,
    /// Stored type, if the branch can be read.
    pub stored: Option<String>,
    /// Values an event: `1`, `4`, `[nJet]`, `vector`.
    pub shape: String,
    /// How the columns of an RNTuple or a table encode the values.
    pub encoding: Option<String>,
    /// Why the branch cannot be read.
    pub unsupported: Option<String>,
    /// Number of baskets (TTree), pages (RNTuple) or chunks (tables).
    pub baskets: usize,
    /// Those of them that lie in the tree's own record.
    pub embedded_baskets: usize,
    /// Compression as set for the branch.
    pub compression: String,
    /// Compression that the first basket or page really uses, if it lies on disk.
    pub first_basket_compression: Option<String>,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Bytes on disk.
    pub compressed_bytes: u64,
    /// `bytes / compressed_bytes`, if there are bytes on disk.
    pub ratio: Option<f64>,
}

/// `bytes / compressed`, if that is a number.
pub(crate) fn ratio(bytes: u64, compressed: u64) -> Option<f64> {
    (compressed > 0).then(|| bytes as f64 / compressed as f64)
}

/// Values an event in one word.
pub(crate) fn shape_name(shape: &Shape) -> String {
    match shape {
        Shape::Scalar => "1".to_owned(),
        Shape::Fixed(n) => n.to_string(),
        Shape::Counted(counter) => format!("[{counter}]"),
        Shape::Vector => "vector".to_owned(),
    }
}

impl FileReport {
    /// The report as aligned text, one line a branch.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{}\n{} bytes, {}, default compression {}",
            self.path, self.size, self.writer, self.compression
        );
        if !self.uuid.is_empty() {
            let _ = write!(text, ", UUID {}", self.uuid);
        }
        text.push('\n');
        for tree in &self.trees {
            tree.render(&mut text);
        }
        if !self.others.is_empty() {
            text.push_str("\nother objects\n");
            for object in &self.others {
                let _ = writeln!(text, "  {}  {}", object.class, object.name);
            }
        }
        if !self.unread.is_empty() {
            text.push_str("\ncannot be read\n");
            for UnreadReport { name, error } in &self.unread {
                let _ = writeln!(text, "  {name}: {error}");
            }
        }
        text
    }
}

/// What a format calls its parts.
struct Words {
    kind: &'static str,
    clusters: &'static str,
    pieces: &'static str,
}

impl TreeReport {
    fn words(&self) -> Words {
        let (kind, clusters, pieces) = match self.format.split(' ').next() {
            Some("Parquet") => ("table", "row groups", "chunks"),
            Some("Arrow") => ("table", "record batches", "chunks"),
            _ if self.clusters.is_some() => ("ntuple", "clusters", "pages"),
            _ => ("tree", "clusters", "baskets"),
        };
        Words { kind, clusters, pieces }
    }

    fn render(&self, text: &mut String) {
        let words = self.words();
        let name = match words.kind {
            "table" => String::new(),
            _ => format!(" {} (cycle {})", self.name, self.cycle),
        };
        let _ = write!(
            text,
            "\n{}{name}: {} events, {} branches, {} bytes, {} on disk{}",
            words.kind,
            self.entries,
            self.branches.len(),
            self.bytes,
            self.compressed_bytes,
            self.ratio.map_or(String::new(), |r| format!(", ratio {r:.2}"))
        );
        if let (Some(clusters), Some(writer)) = (self.clusters, &self.writer) {
            let _ = write!(text, ", {clusters} {}, {} by {writer}", words.clusters, self.format);
        }
        text.push('\n');
        let pieces = words.pieces;
        let header =
            ["branch", "type", "values", pieces, "compression", "bytes", "on disk", "encoding"];
        // Trees do not have the last column.
        let columns = if self.clusters.is_some() { 8 } else { 7 };
        let mut rows = vec![header.map(str::to_owned)];
        rows.extend(self.branches.iter().map(BranchReport::row));
        let mut widths = [0; 8];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let mut line = String::from("  ");
            for (column, (cell, width)) in row.iter().zip(widths).take(columns).enumerate() {
                let _ = match column {
                    3 | 5 | 6 => write!(line, "{cell:>width$}  "),
                    _ => write!(line, "{cell:<width$}  "),
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for branch in &self.branches {
            if let Some(why) = &branch.unsupported {
                let _ = writeln!(text, "  cannot be read: {}: {why}", branch.name);
            }
        }
    }
}

impl BranchReport {
    fn row(&self) -> [String; 8] {
        let mut baskets = self.baskets.to_string();
        if self.embedded_baskets > 0 {
            let _ = write!(baskets, " ({} embedded)", self.embedded_baskets);
        }
        let mut compression = self.compression.clone();
        if let Some(found) = &self.first_basket_compression
            && !compression.starts_with(found.as_str())
        {
            let _ = write!(compression, " (found {found})");
        }
        [
            self.name.clone(),
            self.stored.clone().unwrap_or_else(|| "?".to_owned()),
            self.shape.clone(),
            baskets,
            compression,
            self.bytes.to_string(),
            self.compressed_bytes.to_string(),
            self.encoding.clone().unwrap_or_default(),
        ]
    }
}
