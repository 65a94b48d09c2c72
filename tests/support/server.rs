//! A small web server for tests, which can be made to misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each test uses some of them")]
pub(crate) enum Reply {
    /// Sends the bytes that were asked for.
    Good,
    /// Sends the whole file, as servers without ranges do.
    Whole,
    /// Sends a status line and a header.
    Status(&'static str, &'static str),
    /// Ends the connection after so many bytes of the body.
    Cut(usize),
    /// Sends one byte less than was asked for, and says so.
    Less,
    /// Sends one byte more than was asked for, and says so only in the length.
    More,
    /// Says that it sends other bytes.
    Elsewhere,
    /// Sends a byte of the body every 30 ms.
    Drip,
    /// Answers after so many milliseconds.
    Late(u64),
    /// Says that the file has another tag than before.
    Changed,
    /// Gives no tag by which versions of the file are told apart.
    Untagged,
    /// Gives a tag that versions with much the same content may share.
    Weak,
}

/// The first byte of a client that wants a secure connection.
const GREETING: u8 = 0x16;

/// First and last byte of each request.
type Requests = Arc<Mutex<Vec<(u64, u64)>>>;

/// A server that runs until the test ends.
pub(crate) struct Server {
    scheme: &'static str,
    port: u16,
    requests: Requests,
}

/// A connection, plain or encrypted.
pub(crate) trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}
/// Makes a connection of the bytes that go to and fro.
type Wrap = dyn Fn(TcpStream) -> Box<dyn Connection> + Send + Sync;
/// Gives the bytes of a file by its name.
type Files = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;
/// Says what to do with the request of this number.
type Behaviour = dyn Fn(usize) -> Reply + Send + Sync;

impl Server {
    /// Serves files on a free port.
    pub(crate) fn start(
        files: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
        behaviour: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        Server::over("http", |stream| Box::new(stream), files, behaviour)
    }

    /// The same over connections of another kind.
    pub(crate) fn over(
        scheme: &'static str,
        wrap: impl Fn(TcpStream) -> Box<dyn Connection> + Send + Sync + 'static,
        files: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
        behaviour: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (wrap, files, behaviour): (Arc<Wrap>, Arc<Files>, Arc<Behaviour>) =
            (Arc::new(wrap), Arc::new(files), Arc::new(behaviour));
        let requests = Requests::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (wrap, files) = (Arc::clone(&wrap), Arc::clone(&files));
                let (behaviour, seen) = (Arc::clone(&behaviour), Arc::clone(&seen));
                std::thread::spawn(move || {
                    // Clients that hang up are what some tests are about.
                    let _ = serve(wrap(stream), &*files, &*behaviour, &seen);
                });
            }
        });
        Server { scheme, port, requests }
    }

    /// The address of a file.
    pub(crate) fn url(&self, name: &str) -> String {
        self.url_at("127.0.0.1", name)
    }

    /// The same by another name of this machine.
    pub(crate) fn url_at(&self, host: &str, name: &str) -> String {
        format!("{}://{host}:{}/{name}", self.scheme, self.port)
    }

    /// The ranges that were asked for so far.
    pub(crate) fn requests(&self) -> Vec<(u64, u64)> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers the requests of one connection, one after the other.
fn serve(
    stream: Box<dyn Connection>,
    files: &Files,
    behaviour: &Behaviour,
    seen: &Requests,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if stream.fill_buf()?.first() == Some(&GREETING) {
        return stream.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    }
    loop {
        let Some(line) = stream.by_ref().lines().next().transpose()? else { return Ok(()) };
        let name = line.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
        let name = name.split('?').next().unwrap_or(name).to_owned();
        let mut range = (0, u64::MAX);
        loop {
            let line = stream.by_ref().lines().next().transpose()?.unwrap_or_default();
            let line = line.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(bytes) = line.strip_prefix("range: bytes=") {
                let (first, last) = bytes.split_once('-').expect("a range");
                range = (first.parse().expect("a number"), last.parse().expect("a number"));
            }
        }
        let number = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(range);
            seen.len() - 1
        };
        let again = answer(stream.get_mut(), files(&name), range, behaviour(number))?;
        stream.get_mut().flush()?;
        if !again {
            return Ok(());
        }
    }
}

/// Whether the connection can be used again.
fn answer(
    to: &mut dyn Connection,
    file: Option<Vec<u8>>,
    (first, last): (u64, u64),
    reply: Reply,
) -> std::io::Result<bool> {
    let Some(file) = file else {
        write!(to, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    };
    let size = file.len() as u64;
    if let Reply::Status(status, header) = reply {
        write!(to, "HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    }
    if reply == Reply::Whole {
        write!(to, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")?;
        to.write_all(&file)?;
        return Ok(true);
    }
    if first >= size {
        write!(to, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{size}\r\n")?;
        write!(to, "Content-Length: 0\r\n\r\n")?;
        return Ok(true);
    }
    let end = last.saturating_add(1).min(size);
    let mut body = file[first as usize..end as usize].to_vec();
    let mut shown = (first, end - 1);
    match reply {
        Reply::Less => {
            body.pop();
            shown.1 -= 1;
        }
        Reply::More => body.push(0),
        Reply::Elsewhere => shown = (first + 1, end),
        Reply::Late(ms) => std::thread::sleep(Duration::from_millis(ms)),
        _ => {}
    }
    let tag = match reply {
        Reply::Changed => "ETag: \"other\"\r\n",
        Reply::Untagged => "",
        Reply::Weak => "ETag: W/\"one\"\r\n",
        _ => "ETag: \"one\"\r\n",
    };
    write!(to, "HTTP/1.1 206 Partial Content\r\n{tag}")?;
    write!(to, "Content-Range: bytes {}-{}/{size}\r\n", shown.0, shown.1)?;
    write!(to, "Content-Length: {}\r\n\r\n", body.len())?;
    match reply {
        Reply::Cut(n) => {
            to.write_all(&body[..n.min(body.len())])?;
            return Ok(false);
        }
        Reply::Drip => {
            for byte in body {
                to.write_all(&[byte])?;
                std::thread::sleep(Duration::from_millis(30));
            }
        }
        _ => to.write_all(&body)?,
    }
    Ok(true)
}
