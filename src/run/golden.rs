//! Which recorded events are certified: the luminosity sections of each run that
//! an experiment declares good, `{"273158": [[1, 1279]]}`. Events of others are
//! left out before the backend sees them, and are skipped in the ledger.

use crate::batch::{Batch, Request, RequestedColumn, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The branches that say where an event was recorded.
pub(super) const PLACE: [&str; 2] = ["run", "luminosityBlock"];

/// A list of certified luminosity sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Golden {
    /// The file's name, for the ledger.
    name: String,
    /// Of each run the first and last section of each range, ascending.
    runs: HashMap<i64, Vec<(i64, i64)>>,
}

impl Golden {
    /// Reads the list that a file holds.
    ///
    /// # Errors
    /// The file cannot be read, or is not JSON of runs with pairs of sections.
    pub fn read(path: &Path) -> Result<Golden> {
        let wrong =
            |what: String| Error::new(ErrorKind::Analysis, format!("{}: {what}", path.display()));
        let text = crate::text::read(path).map_err(|e| wrong(e.to_string()).with_source(e))?;
        let wanted =
            "expected runs with pairs of first and last section: {\"273158\": [[1, 1279]]}";
        let listed =
            json::parse(&text).map_err(|e| wrong(format!("{e}; {wanted}")).with_source(e))?;
        let serde_json::Value::Object(listed) = listed else {
            return Err(wrong(wanted.to_owned()));
        };
        let mut runs = HashMap::new();
        for (run, ranges) in listed {
            let number: i64 =
                run.parse().map_err(|_| wrong(format!("`{run}` is not a run's number")))?;
            let mut ranges: Vec<(i64, i64)> = serde_json::from_value(ranges)
                .map_err(|e| wrong(format!("run {run}: {e}; {wanted}")).with_source(e))?;
            if let Some((a, b)) = ranges.iter().find(|(a, b)| a > b) {
                return Err(wrong(format!("run {run} has the sections {a} to {b}, backwards")));
            }
            ranges.sort_unstable();
            if runs.insert(number, ranges).is_some() {
                return Err(wrong(format!("the run {number} is there twice")));
            }
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Golden { name, runs })
    }

    /// The certified sections: of each run the first and last of ranges that lie apart.
    pub fn sections(&self) -> BTreeMap<i64, Vec<(i64, i64)>> {
        let joined = self.runs.iter().map(|(run, ranges)| {
            let mut apart: Vec<(i64, i64)> = Vec::new();
            for (first, last) in ranges {
                match apart.last_mut() {
                    Some((_, end)) if *first <= end.saturating_add(1) => *end = (*end).max(*last),
                    _ => apart.push((*first, *last)),
                }
            }
            (*run, apart)
        });
        joined.filter(|(_, ranges)| !ranges.is_empty()).collect()
    }

    /// Why others are left out.
    pub(super) fn reason(&self) -> String {
        format!("not certified by {}", self.name)
    }

    fn has(&self, run: i64, section: i64) -> bool {
        self.runs.get(&run).is_some_and(|ranges| {
            let after = ranges.partition_point(|(first, _)| *first <= section);
            ranges[..after].iter().any(|(_, last)| section <= *last)
        })
    }
}

/// How certified events are found among those of a plan's request.
pub(super) struct Certify<'g> {
    golden: &'g Golden,
    /// The columns of [`PLACE`] in the wider request.
    place: [usize; 2],
    /// The counters of the columns that the plan asked for.
    own: Vec<Option<usize>>,
}

impl<'g> Certify<'g> {
    /// The request, made wider by what certification needs.
    pub(super) fn widen(golden: &'g Golden, request: &Request) -> (Request, Certify<'g>) {
        let mut wider = request.clone();
        let place = PLACE.map(|name| {
            let known = wider.columns.iter().position(|c| c.branch == name);
            known.unwrap_or_else(|| {
                wider.columns.push(RequestedColumn { branch: name.to_owned(), counter: None });
                wider.columns.len() - 1
            })
        });
        let own = request.columns.iter().map(|c| c.counter).collect();
        (wider, Certify { golden, place, own })
    }

    /// The certified events of a batch, with the plan's columns only.
    ///
    /// # Errors
    /// The branches that say where events were recorded are not of integers.
    pub(super) fn keep(&self, mut batch: Batch) -> Result<Batch> {
        let number = |k: usize, event: usize| match &batch.columns[self.place[k]] {
            Values::I32(v) => Ok(i64::from(v[event])),
            Values::I64(v) => Ok(v[event]),
            _ => Err(Error::input(format!("branch {} is not of integers", PLACE[k]))),
        };
        let mut kept = Vec::with_capacity(batch.events);
        for event in 0..batch.events {
            if self.golden.has(number(0, event)?, number(1, event)?) {
                kept.push(event);
            }
        }
        batch.columns.truncate(self.own.len());
        Ok(match kept.len() == batch.events {
            true => batch,
            false => batch.only(&kept, self.own.iter().copied()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certified_events_are_kept() {
        let runs = HashMap::from([(1, vec![(1, 10), (5, 6), (20, 20)])]);
        let golden = Golden { name: "g.json".into(), runs };
        let jagged = RequestedColumn { branch: "Jet_pt".into(), counter: Some(0) };
        let lumi = RequestedColumn { branch: "luminosityBlock".into(), counter: None };
        let request = Request {
            counters: vec!["nJet".into()],
            columns: vec![jagged, lumi],
            keep_doubles: false,
        };
        let (wider, certify) = Certify::widen(&golden, &request);
        assert_eq!(wider.columns.len(), 3);
        assert_eq!(certify.place, [2, 1]);
        assert_eq!(golden.reason(), "not certified by g.json");
        let batch = |runs: [i64; 4]| Batch {
            first_event: 7,
            events: 4,
            offsets: vec![vec![0, 2, 2, 3, 5]],
            columns: vec![
                Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0]),
                Values::I64(vec![7, 11, 20, 10]),
                Values::I64(runs.to_vec()),
            ],
            ..Batch::default()
        };
        let kept = certify.keep(batch([1, 1, 1, 1])).unwrap();
        assert_eq!((kept.first_event, kept.events), (7, 3));
        assert_eq!(kept.offsets, [[0, 2, 3, 5]]);
        let expected = [Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0]), Values::I64(vec![7, 20, 10])];
        assert_eq!(kept.columns, expected);
        let kept = certify.keep(batch([2, 1, 1, 2])).unwrap();
        assert_eq!(kept.offsets, [[0, 1]]);
        assert_eq!(kept.columns, [Values::F32(vec![3.0]), Values::I64(vec![20])]);
        assert_eq!(certify.keep(batch([2, 2, 2, 2])).unwrap().events, 0);
    }

    #[test]
    fn wrong_lists_are_explained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("golden.json");
        for (text, expected) in [
            ("{\"1\": [[1, 2]]}", "fine"),
            ("{\"1\": [[3, 2]]}", "run 1 has the sections 3 to 2, backwards"),
            ("{\"x\": [[1, 2]]}", "`x` is not a run's number"),
            ("{\"1\": [1, 2]}", "expected runs with pairs of first and last section"),
            ("{\"1\": [[1, 2]],\n\"1\": []}", "the key `1` is there twice at line 2 column 3; exp"),
            ("{\"1\": [[1, 2]], \"01\": []}", "the run 1 is there twice"),
            ("[", "expected runs with pairs"),
            ("[]", "expected runs with pairs"),
        ] {
            std::fs::write(&path, text).unwrap();
            let said = Golden::read(&path).map_or_else(|e| e.to_string(), |_| "fine".into());
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
