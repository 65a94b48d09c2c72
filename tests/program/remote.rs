//! Reading over HTTP from a local server: all formats give the batches of the
//! file on disk, in few requests, and the program takes addresses everywhere.

#![expect(clippy::print_stdout, reason = "counts of requests")]

use gpuana::batch::{Batch, Request};
use gpuana::read;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use crate::support::server::{Connection, Reply, Server};

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

/// Serves `tests/data`.
fn serving() -> Server {
    Server::start(|name| std::fs::read(data(name)).ok(), |_| Reply::Good)
}

/// The same, encrypted, by a server `localhost` for which `authority.pem` vouches.
fn serving_securely() -> Server {
    let certificate = CertificateDer::from_pem_file(data("tls/server.pem")).expect("is shipped");
    let key = PrivateKeyDer::from_pem_file(data("tls/server.key")).expect("is shipped");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("there are such versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is that of the certificate");
    let config = Arc::new(config);
    let wrap = move |stream| -> Box<dyn Connection> {
        let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
        Box::new(StreamOwned::new(session, stream))
    };
    Server::over("https", wrap, |name| std::fs::read(data(name)).ok(), |_| Reply::Good)
}

/// All columns of a file whose counters count, in steps.
fn read_all(path: &Path, step: u64) -> Vec<Batch> {
    let source = read::open(path, None).expect("opens");
    let schema = source.schema();
    let readable = schema.branches.iter().filter(|branch| Request::of([*branch]).is_ok());
    let request = Request::of(readable).expect("all can be read");
    let mut reader = source.columns(&request).expect("can be read");
    let starts = (0..schema.events.div_ceil(step)).map(|i| i * step);
    starts.map(|s| reader.read(s..(s + step).min(schema.events)).expect("reads")).collect()
}

#[test]
fn all_formats_are_read_from_servers() {
    // file, requests to open it and read all columns
    let files = [
        ("adl_rntuple.root", 8),
        ("nano_tt_v12.root", 12),
        ("leaves_tail.root", 6),
        ("adl_flat.parquet", 8),
        ("leaves_zstd.parquet", 6),
        ("adl_records.arrow", 8),
    ];
    for (file, most) in files {
        let server = serving();
        let url = server.url(file);
        let found = read_all(Path::new(&url), 1000);
        let requests = server.requests().len();
        let size = std::fs::metadata(data(file)).expect("is shipped").len();
        println!("{file}: {size} bytes, {requests} requests");
        assert!(format!("{found:?}") == format!("{:?}", read_all(&data(file), 1000)), "{file}");
        assert!(requests <= most, "{file}: {:?}", server.requests());
        let steps = read_all(Path::new(&url), 7);
        assert!(format!("{steps:?}") == format!("{:?}", read_all(&data(file), 7)), "{file}");
        let source = read::open(Path::new(&url), None).expect("opens");
        assert_eq!((source.identity().path.as_str(), source.identity().size), (&*url, size));
        let (near, far) = (read::inspect(&data(file)), read::inspect(Path::new(&url)));
        let (near, far) = (near.expect("reads").to_text(), far.expect("reads").to_text());
        assert_eq!(far.replace(&url, &data(file).display().to_string()), near);
    }
}

/// Runs the program.
fn gpuana(arguments: &[&str]) -> Output {
    gpuana_trusting("", arguments)
}

/// Runs the program with a file of certificates to trust, or with none.
fn gpuana_trusting(certificates: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gpuana"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("SSL_CERT_FILE", certificates)
        .output()
        .expect("the program runs")
}

#[test]
fn secure_servers_are_read_if_they_are_trusted() {
    let (server, plain) = (serving_securely(), serving());
    let here = server.url_at("localhost", "adl_rntuple.root");
    let by_number = server.url("adl_rntuple.root");
    let not_secure = plain.url("adl_rntuple.root").replace("http:", "https:");
    let authority = "tests/data/tls/authority.pem";
    let trust = "whoever signed its certificate is not trusted; to trust them (a site, a proxy), \
                 let the environment variable SSL_CERT_FILE name a file with their certificates";
    // address, certificates, what is said
    let table = [
        (&here, "", trust),
        (&by_number, authority, "its certificate is for another name; use the name that"),
        (&not_secure, authority, "it does not speak TLS; try `http://`"),
        (&here, "README.md", "SSL_CERT_FILE: README.md: there is no certificate in it"),
        (&here, "nowhere.pem", "SSL_CERT_FILE: nowhere.pem: "),
        (&here, authority, ""),
    ];
    for (url, certificates, expected) in table {
        let done = gpuana_trusting(certificates, &["inspect", "--verify", url]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if expected.is_empty() {
            let (far, near) = (done.stdout, data("adl_rntuple.root").display().to_string());
            let near = gpuana(&["inspect", "--verify", &near]).stdout;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let far = text(&far).replace(url, &data("adl_rntuple.root").display().to_string());
            assert_eq!((far, done.status.code()), (text(&near), Some(0)), "{said}");
        } else {
            assert_eq!(done.status.code(), Some(4), "{said}");
            assert!(said.contains(url.as_str()) && said.contains(expected), "{said}");
        }
    }
    // Three connections that were refused, and the requests of the last one.
    assert!(server.requests().len() >= 2, "{:?}", server.requests());
}

#[test]
fn the_program_reads_addresses() {
    let server = serving();
    let folder = tempfile::tempdir().expect("a folder");
    let out = |name: &str| folder.path().join(name).display().to_string();
    let url = server.url("adl_rntuple.root");
    let fileset = folder.path().join("inputs.json");
    let listed = format!(r#"{{"mu": {{"files": {{"{url}": "Events"}}}}}}"#);
    std::fs::write(&fileset, listed).expect("writes");
    let yaml = std::fs::read_to_string("examples/adl.yaml").expect("is shipped");
    let files = yaml.lines().find(|line| line.trim_start().starts_with("files:"));
    let mine = format!("  files: ['{}']", server.url("adl_flat.parquet"));
    let analysis = folder.path().join("adl.yaml");
    let yaml = yaml.replace(files.expect("names its file"), &mine);
    std::fs::write(&analysis, yaml).expect("writes");
    let analysis = analysis.display().to_string();
    let runs: [(&str, Vec<&str>); 3] = [
        ("disk", vec!["examples/adl.yaml"]),
        ("files", vec!["examples/adl.yaml", "--files", &url]),
        ("own", vec![&analysis]),
    ];
    let mut results = Vec::new();
    for (name, arguments) in &runs {
        let folder = out(name);
        let first = ["run", "--quiet", "--backend", "cpu", "--output", &folder];
        let done = gpuana(&[&first, arguments.as_slice()].concat());
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        let read = |file: &str| std::fs::read(Path::new(&folder).join(file)).expect("an output");
        results.push([read("histograms.json"), read("cutflow.json")]);
    }
    assert!(results[1] == results[0] && results[2] == results[0]);
    let fileset = fileset.display().to_string();
    let checked = gpuana(&["check", "examples/adl.yaml", "--fileset", &fileset]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn what_cannot_be_fetched_is_said() {
    let server = serving();
    let cases = [
        (server.url("nothing.root"), "bytes 0-65535: there is no such file on the server"),
        (server.url("README.md"), "neither a ROOT, Parquet nor Arrow file"),
        ("root://eospublic.cern.ch//eos/opendata/x.root".to_owned(), "XRootD cannot be read: use"),
    ];
    for (url, expected) in cases {
        let done = gpuana(&["inspect", &url]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(4), "{said}");
        assert!(said.contains(&format!("{url}: {expected}")), "{said}");
    }
}

const MUONS: &str = "histograms:\n  n: {value: count(Muon), integers: [0, 3]}\n";

/// A folder with an analysis of muons in these files.
fn analysis(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("input:\n  files: [{}]\n{MUONS}", files.join(", "));
    std::fs::write(folder.path().join("a.yaml"), text).expect("it is written");
    folder
}

/// Runs the program there: exit code, and all that it printed.
fn there(folder: &Path, arguments: &str) -> (i32, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_gpuana"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("SSL_CERT_FILE", "")
        .output()
        .expect("the program runs");
    let said = [done.stderr, done.stdout].concat();
    (done.status.code().expect("it ends"), String::from_utf8_lossy(&said).into_owned())
}

/// Only what is absent or damaged is left out: not what we may not have, nor what a
/// server that is in trouble does not give.
#[test]
fn what_a_server_refuses_is_no_bad_file() {
    let good = data("adl_records.arrow").display().to_string();
    for (file, reply, code, expected) in [
        ("nothing.root", Reply::Good, 7, "1 unreadable file left out"),
        ("HZZ.root", Reply::Status("410 Gone", "X: y"), 7, "1 unreadable file left out"),
        ("HZZ.root", Reply::Status("401 Unauthorized", "X: y"), 4, "wants to know who asks"),
        ("HZZ.root", Reply::Status("403 Forbidden", "X: y"), 4, "wants to know who asks"),
        ("HZZ.root", Reply::Status("500 Error", "Retry-After: 0"), 4, "the server answered 500"),
        ("HZZ.root", Reply::Status("429 Slow", "Retry-After: 0"), 4, "the server answered 429"),
        ("HZZ.root", Reply::Whole, 4, "the server sends whole files only"),
    ] {
        let server = Server::start(|name| std::fs::read(data(name)).ok(), move |_| reply);
        let folder = analysis(&[&server.url(file), &good]);
        let found = there(folder.path(), "run a.yaml --backend cpu --skip-bad-files");
        assert_eq!(found.0, code, "{reply:?}: {}", found.1);
        assert!(found.1.contains(expected), "{reply:?}: {}", found.1);
        assert_eq!(folder.path().join("a.out").exists(), code == 7, "{reply:?}");
    }
}

#[test]
fn a_file_is_the_same_on_a_server_and_here() {
    let (server, here) = (serving(), data("adl_rntuple.root").display().to_string());
    let folder = analysis(&[&here, &server.url("adl_rntuple.root")]);
    let (code, said) = there(folder.path(), "run a.yaml --backend cpu");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("the same file is there twice"), "{said}");
}

#[test]
fn servers_that_do_not_tell_versions_apart_are_named() {
    for (reply, warned) in [(Reply::Good, false), (Reply::Untagged, true), (Reply::Weak, true)] {
        let server = Server::start(|name| std::fs::read(data(name)).ok(), move |_| reply);
        let folder = analysis(&[&server.url("adl_rntuple.root")]);
        let (code, said) = there(folder.path(), "run a.yaml --backend cpu");
        assert_eq!(code, 0, "{said}");
        assert_eq!(said.contains("[no-file-version]"), warned, "{reply:?}: {said}");
        let (code, said) = there(folder.path(), "run a.yaml --backend cpu --strict");
        assert_eq!(code, if warned { 3 } else { 0 }, "{said}");
    }
}

/// All that the program prints and writes, of good runs and of all kinds of errors.
#[test]
fn no_secret_of_an_address_is_shown_or_recorded() {
    const SECRET: &str = "s3cr3t";
    let server = serving();
    let url = |file: &str| {
        let plain = server.url(file);
        let with = plain.replace("://", &format!("://me:{SECRET}@"));
        format!("{with}?token={SECRET}&{SECRET}")
    };
    let good = url("adl_rntuple.root");
    let folder = analysis(&[&good]);
    let write = |name: &str, text: String| {
        std::fs::write(folder.path().join(name), text).expect("it is written");
    };
    write("missing.yaml", format!("input: {{files: ['{}']}}\n{MUONS}", url("nothing.root")));
    write("bad.yaml", format!("input: {{files: ['{good}'], tree: '{good}', fils: 1}}\n{MUONS}"));
    write("twice.yaml", format!("input: {{files: ['{good}', '{good}']}}\n{MUONS}"));
    write("root.yaml", format!("input: {{files: ['{}']}}\n{MUONS}", good.replace("http", "root")));
    write("f.json", format!(r#"{{"mu": ["{good}"]}}"#));
    write("bad.json", format!(r#"{{"mu": {{"files": {{"{good}": {{"object_path": 3}}}}}}}}"#));
    write("doubled.json", format!(r#"{{"mu": {{"files": {{"{good}": "T", "{good}": "T"}}}}}}"#));
    for (arguments, code) in [
        ("run a.yaml --backend cpu --report".to_owned(), 0),
        ("run a.yaml --backend cpu --json".to_owned(), 0),
        ("check a.yaml".to_owned(), 0),
        ("explain a.yaml --event 3".to_owned(), 0),
        ("run a.yaml --backend cpu --fileset f.json".to_owned(), 0),
        (format!("inspect {good}"), 0),
        (format!("inspect {good} --json"), 0),
        (format!("inspect {good} --verify"), 0),
        (format!("inspect {}", url("nothing.root")), 4),
        (format!("run a.yaml --backend cpu --files {good} {}", url("README.md")), 4),
        ("run missing.yaml --backend cpu".to_owned(), 4),
        ("run missing.yaml --backend cpu --skip-bad-files".to_owned(), 4),
        ("run bad.yaml --backend cpu".to_owned(), 3),
        ("run twice.yaml --backend cpu".to_owned(), 3),
        ("run root.yaml --backend cpu".to_owned(), 4),
        ("run a.yaml --backend cpu --fileset bad.json".to_owned(), 4),
        ("run a.yaml --backend cpu --fileset doubled.json".to_owned(), 4),
    ] {
        let (found, said) = there(folder.path(), &arguments);
        assert_eq!(found, code, "{arguments}: {said}");
        assert!(!said.contains(SECRET), "{arguments}: {said}");
        let written = std::fs::read_dir(folder.path().join("a.out")).into_iter().flatten();
        for entry in written.map(|entry| entry.expect("a file").path()) {
            let bytes = std::fs::read(&entry).unwrap_or_default();
            let is_there = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
            assert!(!is_there, "{arguments}: {}", entry.display());
        }
    }
    assert!(there(folder.path(), "inspect a.yaml").0 == 4, "other files are read as ever");
}
