//! The file of seeds: lines in, and those that failed out again, as they were.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Position};
use verify_factors::parameters::{InvalidParameter, Rule};

use crate::entry::Entry;
use crate::operator::Failure;

/// A header that a CSV file may begin with, and the columns that it has with it or without.
const COLUMNS: [&str; 3] = ["identity", "name", "uri"];

/// What a spreadsheet can begin a file with.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// A file of seeds.
pub(crate) struct File {
    path: PathBuf,
    format: Format,
    pub(crate) lines: Vec<Line>,
}

/// How its lines are written.
enum Format {
    /// A key URI each.
    Uris,
    /// Three columns, quoted as in RFC 4180, with their names in the first line or not.
    Csv { header: Option<ByteRecord> },
}

/// A line, or a record of several where one of its values has some.
pub(crate) struct Line {
    /// Where it begins, from 1.
    pub(crate) number: usize,
    /// Its columns; of a key URI, the one.
    record: ByteRecord,
}

impl File {
    /// Reads a file. It is a list of key URIs if it begins with one, else CSV.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        let (format, lines) = if is_list(text) { uris(text) } else { records(text)? };
        Ok(Self {
            path: path.to_owned(),
            format,
            lines,
        })
    }

    /// What a line says.
    pub(crate) fn entry(&self, line: &Line) -> Result<Entry, Vec<InvalidParameter>> {
        const THREE: Rule = Rule::own("must have the columns identity, name and uri");
        const NAME: &str = "line";
        let texts: Option<Vec<&str>> = line.record.iter().map(text).collect();
        let texts = texts.ok_or_else(|| vec![Rule::Utf8.broken_by(NAME)])?;
        match (&self.format, &texts[..]) {
            (Format::Uris, [uri]) => Entry::of_uri(uri),
            (Format::Csv { .. }, [identity, name, uri]) => Entry::of_columns([identity, name, uri]),
            _ => Err(vec![THREE.broken_by(NAME)]),
        }
    }

    /// Where lines go that fail.
    pub(crate) fn failed(&self) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".failed");
        path.into()
    }

    /// Writes lines that failed to a file that can be run as this one can, and that nobody else can read. One that is there already,
    /// perhaps mended by hand, is left alone.
    pub(crate) fn write_failed(&self, lines: &[&Line]) -> Result<PathBuf, Failure> {
        let path = self.failed();
        let named = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => already_there(&path),
            _ => format!("{}: {error}", path.display()),
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(named)?;
        let bytes = self.format.write(lines)?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .map_err(named)?;
        Ok(path)
    }
}

/// What is said of a file of failed lines that is in the way.
pub(crate) fn already_there(path: &Path) -> String {
    let path = path.display();
    format!("{path} is there already, with lines of an earlier run: import that, or put it elsewhere")
}

impl Format {
    fn write(&self, lines: &[&Line]) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Uris => {
                let line = |line: &&Line| [line.record.as_slice(), b"\n"].concat();
                Ok(lines.iter().flat_map(line).collect())
            }
            Self::Csv { header } => {
                let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
                for record in header.iter().chain(lines.iter().map(|line| &line.record)) {
                    writer.write_byte_record(record)?;
                }
                writer.into_inner().map_err(|_| "no CSV could be written".into())
            }
        }
    }
}

/// A value without the blanks around it, which nobody sees.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(str::trim)
}

fn is_list(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line)
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("otpauth"))
}

fn uris(bytes: &[u8]) -> (Format, Vec<Line>) {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let lines = lines
        .map(|(number, line)| (number + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| Line {
            number,
            record: ByteRecord::from(vec![line]),
        });
    (Format::Uris, lines.collect())
}

fn records(bytes: &[u8]) -> Result<(Format, Vec<Line>), Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut lines = Vec::new();
    for record in reader.byte_records() {
        let record = record?;
        let number = number(bytes, record.position());
        lines.push(Line { number, record });
    }
    let is_header = lines.first().is_some_and(|line| is_header(&line.record));
    let header = is_header.then(|| lines.remove(0).record);
    Ok((Format::Csv { header }, lines))
}

/// The line in which a record begins. Its position is where the one before ended, and blank lines can lie between.
fn number(bytes: &[u8], ended: Option<&Position>) -> usize {
    let (byte, line) = ended.map_or((0, 1), |ended| (ended.byte(), ended.line()));
    let [byte, line] = [byte, line].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let rest = bytes.get(byte..).unwrap_or_default().iter();
    let blank = rest.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    line + blank.filter(|byte| **byte == b'\n').count()
}

fn is_header(record: &ByteRecord) -> bool {
    let names = record.iter().map(|name| text(name).unwrap_or_default());
    names.map(str::to_ascii_lowercase).eq(COLUMNS.map(str::to_owned))
}
