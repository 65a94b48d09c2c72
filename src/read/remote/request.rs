//! One range of bytes over HTTP: asked for, checked, and asked for again if
//! the network or the server failed in a way that may pass.

use crate::error::{Error, ErrorKind, Result};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// A body that brings less than this in a time-out is not making progress.
const SLOWEST: usize = 1024;
/// Longest wait that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// How patient to be.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Longest time until there is a connection.
    pub(super) connect: Duration,
    /// Longest time without progress, of answer or body.
    pub(super) progress: Duration,
    /// Pauses before the second, third, ... attempt.
    pub(super) pauses: Vec<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(20),
            progress: Duration::from_secs(30),
            pauses: [200, 1000, 4000].map(Duration::from_millis).to_vec(),
        }
    }
}

/// Asks one address for ranges of bytes, over connections that are kept.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
    limits: Limits,
}

/// Bytes, and what the answer says of the whole file.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    pub(super) file: Version,
}

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// Size in bytes.
    pub(super) size: u64,
    /// Tag or date of the last change, if the server tells.
    pub(super) tag: Option<String>,
    /// Whether the tag is another one for every other content of the file.
    pub(super) strong: bool,
}

/// Why an attempt failed.
#[derive(Debug)]
enum Failure {
    /// It may work another time; the server may have said when.
    Passing(Error, Option<Duration>),
    /// It will not. Unless the error is one of the input, that does not say that the file is
    /// bad.
    Lasting(Error),
}

impl Failure {
    /// The same with what caused it.
    fn with_source(self, source: impl std::error::Error + Send + Sync + 'static) -> Failure {
        match self {
            Failure::Passing(error, asked) => Failure::Passing(error.with_source(source), asked),
            Failure::Lasting(error) => Failure::Lasting(error.with_source(source)),
        }
    }
}

fn passing(why: impl Into<String>) -> Failure {
    Failure::Passing(unavailable(why), None)
}

fn lasting(why: impl Into<String>) -> Failure {
    Failure::Lasting(unavailable(why))
}

/// The file is not there, or not the one that it was.
fn absent(why: impl Into<String>) -> Failure {
    Failure::Lasting(Error::input(why))
}

fn unavailable(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, why)
}

/// Whom to trust: the certificates of the file that `SSL_CERT_FILE` names, else
/// those that Mozilla trusts.
fn roots() -> Result<RootCerts> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(RootCerts::WebPki);
    };
    let place =
        |e: String| unavailable(e).within(format!("SSL_CERT_FILE: {}", Path::new(&path).display()));
    let pem = std::fs::read(&path).map_err(|e| place(e.to_string()).with_source(e))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(e) => Some(Err(place(e.to_string()).with_source(e))),
    });
    match certificates.collect::<Result<Vec<_>>>()? {
        none if none.is_empty() => Err(place("there is no certificate in it (PEM)".to_owned())),
        trusted => Ok(trusted.into()),
    }
}

/// Whether the address is of this machine, to which no proxy leads.
fn is_here(url: &str) -> bool {
    let host = url.parse().ok().and_then(|uri: ureq::http::Uri| Some(uri.host()?.to_owned()));
    matches!(host.as_deref(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

impl Client {
    pub(super) fn new(url: &str, connections: usize, limits: Limits) -> Result<Client> {
        let tls = TlsConfig::builder().root_certs(roots()?).build();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(tls)
            // What is asked for in secret is not fetched in the open, wherever one is sent.
            .https_only(url.starts_with("https://"))
            .max_idle_connections_per_host(connections)
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.progress))
            .timeout_per_read(Some(limits.progress))
            .timeout_per_write(Some(limits.progress))
            .user_agent(concat!("gpuana/", env!("CARGO_PKG_VERSION")));
        if is_here(url) {
            config = config.proxy(None);
        }
        Ok(Client { agent: config.build().into(), url: url.to_owned(), limits })
    }

    /// The bytes of `range`. Without `known`, the file may end earlier; with it,
    /// the file must be that one still.
    pub(super) fn get(&self, range: &Range<u64>, known: Option<&Version>) -> Result<Answer> {
        let mut pauses = self.limits.pauses.iter();
        loop {
            let failed = match self.attempt(range, known) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let place = format!("bytes {}-{}", range.start, range.end.saturating_sub(1));
            let (error, asked) = match failed {
                Failure::Lasting(error) => return Err(error.within(place)),
                Failure::Passing(error, asked) => (error, asked),
            };
            let Some(pause) = pauses.next() else {
                let attempts = self.limits.pauses.len() + 1;
                let all = unavailable(format!("{error} ({attempts} attempts)"));
                return Err(all.with_source(error).within(place));
            };
            std::thread::sleep(asked.map_or(*pause, |asked| asked.min(LONGEST_PAUSE)));
        }
    }

    fn attempt(&self, range: &Range<u64>, known: Option<&Version>) -> Result<Answer, Failure> {
        let last = range.end.saturating_sub(1);
        let request = self.agent.get(&self.url);
        let request = request.header("Range", format!("bytes={}-{last}", range.start));
        let mut answer = request.header("Accept-Encoding", "identity").call().map_err(network)?;
        let (found, size) = match answer.status() {
            StatusCode::PARTIAL_CONTENT => content_range(answer.headers())?,
            StatusCode::RANGE_NOT_SATISFIABLE => match (known, empty(answer.headers())) {
                (None, true) => (0..0, 0),
                _ => return Err(absent("the server has no such bytes")),
            },
            status => return Err(refusal(status, answer.headers())),
        };
        let (tag, strong) = tag(answer.headers());
        let file = Version { size, tag, strong };
        if known.is_some_and(|known| *known != file) {
            return Err(absent("the file changed while it was read"));
        }
        let expected = range.start.min(size)..range.end.min(size);
        if found != expected {
            return Err(passing(format!(
                "the server sent bytes {}-{} of {size}",
                found.start,
                found.end.saturating_sub(1)
            )));
        }
        let length = (expected.end - expected.start) as usize;
        let bytes = if length == 0 { Vec::new() } else { self.body(&mut answer, length)? };
        Ok(Answer { bytes, file })
    }

    /// A body of just so many bytes.
    fn body(&self, answer: &mut Response<Body>, length: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![0; length];
        let mut reader = answer.body_mut().as_reader();
        let (mut at, mut since, mut mark) = (0, Instant::now(), 0);
        while at < length {
            match reader.read(&mut bytes[at..]) {
                Ok(0) => return Err(cut(at, length)),
                Ok(n) => at += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.body_failed(e, at, length)),
            }
            if since.elapsed() >= self.limits.progress {
                if at - mark < SLOWEST && at < length {
                    return Err(self.stalled(at, length));
                }
                (since, mark) = (Instant::now(), at);
            }
        }
        // The connection is kept only if the end of the body was seen.
        match reader.read(&mut [0]) {
            Ok(0) => Ok(bytes),
            Ok(_) => Err(passing(format!("the server sent more than {length} bytes"))),
            Err(e) => Err(self.body_failed(e, length, length)),
        }
    }

    fn stalled(&self, at: usize, length: usize) -> Failure {
        let seconds = self.limits.progress.as_secs_f64();
        passing(format!("no progress for {seconds} s, after {at} of {length} bytes"))
    }

    fn body_failed(&self, error: std::io::Error, at: usize, length: usize) -> Failure {
        use std::io::ErrorKind::{TimedOut, UnexpectedEof, WouldBlock};
        let inner = error.get_ref().and_then(|e| e.downcast_ref::<ureq::Error>());
        let timeout = matches!(inner, Some(ureq::Error::Timeout(_)));
        let failure = match error.kind() {
            _ if timeout => self.stalled(at, length),
            TimedOut | WouldBlock => self.stalled(at, length),
            UnexpectedEof => cut(at, length),
            _ => passing(format!("{error}, after {at} of {length} bytes")),
        };
        failure.with_source(error)
    }
}

fn cut(at: usize, length: usize) -> Failure {
    passing(format!("the connection was cut after {at} of {length} bytes"))
}

fn network(error: ureq::Error) -> Failure {
    let failure = match &error {
        ureq::Error::Timeout(which) => passing(format!("no answer in time ({which})")),
        ureq::Error::Io(e) => match e.get_ref().and_then(|e| e.downcast_ref()) {
            Some(insecure) => lasting(refused_by_us(insecure)),
            None => passing(e.to_string()),
        },
        ureq::Error::HostNotFound => passing("there is no host of this name"),
        ureq::Error::BadUri(why) => absent(format!("not an address: {why}")),
        ureq::Error::TooManyRedirects => lasting("the server sends from one address to the next"),
        ureq::Error::RequireHttpsOnly(_) => lasting(
            "the server sends from its https:// address to an http:// one, where anyone could \
             read and change what comes; name that address if it is meant",
        ),
        ureq::Error::Rustls(e) => lasting(refused_by_us(e)),
        ureq::Error::Tls(e) => lasting(format!("no secure connection: {e}")),
        other => passing(other.to_string()),
    };
    failure.with_source(error)
}

/// Why there is no secure connection, and what to do.
fn refused_by_us(error: &rustls::Error) -> String {
    use rustls::{CertificateError as C, Error as E, InvalidMessage as M};
    let instead = match error {
        E::InvalidCertificate(C::UnknownIssuer) => {
            "whoever signed its certificate is not trusted; to trust them (a site, a proxy), let \
             the environment variable SSL_CERT_FILE name a file with their certificates"
        }
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "its certificate is for another name; use the name that the server has there"
        }
        E::InvalidCertificate(
            C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. },
        ) => "its certificate is not valid today; is this machine's clock right?",
        E::InvalidMessage(M::InvalidContentType) => "it does not speak TLS; try `http://`",
        _ => return format!("no secure connection to the server: {error}"),
    };
    format!("no secure connection to the server: {instead} ({error})")
}

/// What a status other than success means.
fn refusal(status: StatusCode, headers: &HeaderMap) -> Failure {
    let what = match status.as_u16() {
        200 => {
            return lasting(
                "the server sends whole files only (it answered 200 to a request for a range of \
                 bytes); download the file and read the copy",
            );
        }
        401 | 403 => "the server wants to know who asks, which this version cannot tell it",
        404 | 410 => {
            return absent(format!("there is no such file on the server ({status})"));
        }
        408 | 429 | 500..=599 => {
            let seconds = text(headers, "retry-after").and_then(|s| s.trim().parse().ok());
            let what = format!("the server answered {status}");
            return Failure::Passing(unavailable(what), seconds.map(Duration::from_secs));
        }
        _ => "the server did not send the bytes",
    };
    lasting(format!("{what} ({status})"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The strongest of what the server tells about the version of the file, and whether no
/// other content can have it.
fn tag(headers: &HeaderMap) -> (Option<String>, bool) {
    let tag = text(headers, "etag");
    let strong = tag.is_some_and(|tag| tag.starts_with('"'));
    (tag.or_else(|| text(headers, "last-modified")).map(str::to_owned), strong)
}

/// The range and the size of `bytes 0-99/1234`.
fn content_range(headers: &HeaderMap) -> Result<(Range<u64>, u64), Failure> {
    let Some(value) = text(headers, "content-range") else {
        return Err(lasting("the server does not say which bytes it sent"));
    };
    let parse = || {
        let (range, size) = value.trim().strip_prefix("bytes")?.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let size = size.parse().ok()?;
        (first <= last && last < size).then(|| (first..last + 1, size))
    };
    parse().ok_or_else(|| passing(format!("the server says it sent `{value}`")))
}

/// Whether the server says that the file has no bytes.
fn empty(headers: &HeaderMap) -> bool {
    text(headers, "content-range").is_some_and(|value| value.trim() == "bytes */0")
}
