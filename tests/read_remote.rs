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

#[path = "support/server.rs"]
mod server;

use server::{Connection, Reply, Server};

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
