//! Servers and networks that misbehave: what is tried again, and what is said.

use super::server::{Reply, Server};
use super::*;
use std::time::Duration;

/// 300 kB in which every position can be told.
fn content() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn serving(behaviour: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(|name| (name == "file").then(content), behaviour)
}

/// Little patience: three attempts.
fn hasty() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        progress: Duration::from_millis(300),
        pauses: vec![Duration::from_millis(1); 2],
    }
}

/// Opens the file while the server behaves, then reads from byte 100,000 on.
fn read(server: &Server) -> Result<Vec<u8>> {
    let remote = Remote::with_limits(&server.url("file"), hasty())?;
    assert_eq!(remote.size(), 300_000);
    let mut bytes = vec![0; 70_000];
    remote.fill_at(100_000, &mut bytes)?;
    Ok(bytes)
}

#[test]
fn what_may_pass_is_tried_again() {
    let failures = [
        Reply::Status("503 Service Unavailable", "Retry-After: 0"),
        Reply::Status("500 Internal Server Error", "X: y"),
        Reply::Status("429 Too Many Requests", "X: y"),
        Reply::Cut(0),
        Reply::Cut(50_000),
        Reply::Less,
        Reply::More,
        Reply::Elsewhere,
        Reply::Drip,
        Reply::Late(2000),
    ];
    for failure in failures {
        // The first request opens the file.
        let server = serving(move |n| if n == 1 || n == 2 { failure } else { Reply::Good });
        let bytes = read(&server).unwrap_or_else(|e| panic!("{failure:?}: {e}"));
        assert!(bytes == content()[100_000..170_000], "{failure:?}");
        assert_eq!(server.requests().len(), 4, "{failure:?}");
    }
}

#[test]
fn what_does_not_pass_is_said() {
    let place = "bytes 100000-169999: ";
    let table = [
        (
            Reply::Whole,
            "the server sends whole files only (it answered 200 to a request for a range of \
             bytes); download the file and read the copy",
            1,
        ),
        (
            Reply::Status("404 Not Found", "X: y"),
            "there is no such file on the server (404 Not Found)",
            1,
        ),
        (
            Reply::Status("403 Forbidden", "X: y"),
            "the server wants to know who asks, which this version cannot tell it (403 Forbidden)",
            1,
        ),
        (
            Reply::Status("206 Partial Content", "X: y"),
            "the server does not say which bytes it sent",
            1,
        ),
        (Reply::Changed, "the file changed while it was read", 1),
        (Reply::Cut(50_000), "the connection was cut after 50000 of 70000 bytes (3 attempts)", 3),
        (Reply::Less, "the server sent bytes 100000-169998 of 300000 (3 attempts)", 3),
        (Reply::More, "the server sent more than 70000 bytes (3 attempts)", 3),
        (Reply::Elsewhere, "the server sent bytes 100001-170000 of 300000 (3 attempts)", 3),
        (
            Reply::Status("503 Service Unavailable", "X: y"),
            "the server answered 503 Service Unavailable (3 attempts)",
            3,
        ),
    ];
    for (failure, expected, attempts) in table {
        let server = serving(move |n| if n > 0 { failure } else { Reply::Good });
        let error = read(&server).expect_err("cannot be read").to_string();
        assert_eq!(error, format!("{place}{expected}"));
        assert_eq!(server.requests().len(), 1 + attempts, "{failure:?}");
    }
    for slow in [Reply::Drip, Reply::Late(2000)] {
        let server = serving(move |n| if n > 0 { slow } else { Reply::Good });
        let error = read(&server).expect_err("cannot be read").to_string();
        let says = error.contains("no progress for 0.3 s, after ") || error.contains("no answer");
        assert!(says && error.ends_with("(3 attempts)"), "{error}");
    }
}

#[test]
fn files_that_cannot_be_opened() {
    let server = Server::start(|name| (name == "empty").then(Vec::new), |_| Reply::Good);
    let open = |name: &str| Remote::with_limits(&server.url(name), hasty());
    assert_eq!(open("empty").expect("opens").size(), 0);
    let missing = open("other").expect_err("is not there").to_string();
    assert_eq!(missing, "bytes 0-65535: there is no such file on the server (404 Not Found)");
    // Nobody listens on a port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let nobody = Remote::with_limits(&format!("http://{address}/x"), hasty());
    let nobody = nobody.expect_err("cannot connect").to_string();
    assert!(nobody.contains("refused") && nobody.ends_with("(3 attempts)"), "{nobody}");
}

#[test]
fn what_is_announced_comes_in_few_requests() {
    let server = serving(|_| Reply::Good);
    let remote = Remote::with_limits(&server.url("file"), hasty()).expect("opens");
    let ranges = vec![
        70_000..71_000,
        80_000..81_000,
        200_000..210_000,
        299_000..300_000,
        10..20,
        299_999..300_001,
    ];
    let held = remote.fetch(ranges.clone()).expect("comes");
    let mut asked = server.requests();
    asked[1..].sort_unstable();
    assert_eq!(asked, [(0, 65_535), (70_000, 80_999), (200_000, 209_999), (299_000, 299_999)]);
    let content = content();
    for range in &ranges[..5] {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        remote.fill_at(range.start, &mut bytes).expect("is there");
        assert!(bytes == content[range.start as usize..range.end as usize], "{range:?}");
    }
    assert_eq!(server.requests().len(), 4, "all of it was there");
    drop(held);
    let mut byte = [0];
    remote.fill_at(200_005, &mut byte).expect("comes again");
    assert_eq!(byte[0], content[200_005]);
    assert_eq!(server.requests()[4], (196_608, 262_143), "a block");
}
