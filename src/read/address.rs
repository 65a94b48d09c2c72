//! Which paths are addresses of servers, and what to name instead of those that cannot be
//! read.

use crate::error::{Error, ErrorKind, Result};
use std::path::Path;

/// The address that a path is, if it is one that can be read.
///
/// # Errors
/// It is an address of a kind that cannot be read, or that this build cannot read.
pub(super) fn address(path: &Path) -> Result<Option<&str>> {
    let Some((scheme, rest)) = path.to_str().and_then(|text| text.split_once("://")) else {
        return Ok(None);
    };
    let what = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if cfg!(feature = "remote") => return Ok(path.to_str()),
        "http" | "https" => {
            "an address, which this build of gpuana cannot read; build it with the \
                             feature `remote`"
                .to_owned()
        }
        "root" | "roots" | "xroot" | "xroots" => {
            let instead = match rest.split_once("//eos/opendata/") {
                Some((_, name)) => format!("use https://opendata.cern.ch/eos/opendata/{name}"),
                None => "use the server's https:// address, if it has one (most XRootD servers \
                         do; ask for its WebDAV or HTTP door)"
                    .to_owned(),
            };
            format!(
                "XRootD cannot be read: {instead}, or copy the file by `xrdcp {scheme}://{rest} .`"
            )
        }
        "file" => "name the file without `file://`".to_owned(),
        other => format!("`{other}` addresses cannot be read, `https` and `http` ones can"),
    };
    Err(Error::new(ErrorKind::Unavailable, what).within(path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let said = |text: &str| match address(Path::new(text)) {
            Ok(None) => "a file".to_owned(),
            Ok(Some(url)) => url.to_owned(),
            Err(e) => e.to_string(),
        };
        let readable = match cfg!(feature = "remote") {
            true => "HTTPS://host:1094//store/x.root?a=b",
            false => {
                "HTTPS://host:1094//store/x.root?a=b: an address, which this build of gpuana \
                 cannot read; build it with the feature `remote`"
            }
        };
        let table = [
            ("data/x.root", "a file"),
            ("/a:b/x.root", "a file"),
            ("HTTPS://host:1094//store/x.root?a=b", readable),
            (
                "root://eospublic.cern.ch//eos/opendata/cms/x.root",
                "root://eospublic.cern.ch//eos/opendata/cms/x.root: XRootD cannot be read: use \
                 https://opendata.cern.ch/eos/opendata/cms/x.root, or copy the file by `xrdcp \
                 root://eospublic.cern.ch//eos/opendata/cms/x.root .`",
            ),
            (
                "root://xrootd.site.org//store/x.root",
                "root://xrootd.site.org//store/x.root: XRootD cannot be read: use the server's \
                 https:// address, if it has one (most XRootD servers do; ask for its WebDAV or HTTP \
                 door), or copy the file by `xrdcp root://xrootd.site.org//store/x.root .`",
            ),
            ("file:///x.root", "file:///x.root: name the file without `file://`"),
            (
                "s3://bucket/x.root",
                "s3://bucket/x.root: `s3` addresses cannot be read, `https` and `http` ones can",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(said(text), expected);
        }
    }
}
