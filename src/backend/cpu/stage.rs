//! The parts of a plan as they are evaluated: those fills that need all events, and
//! those that need a selection of them.

use super::block::{Block, Scratch};
use super::column::Arg;
use super::fill::{FillScratch, Filler, positions};
use super::gather::gather;
use super::program::Program;
use super::real::Real;
use crate::batch::{Batch, Request};
use crate::error::Result;
use crate::hist::FillData;
use crate::ir::{NodeId, Op};
use crate::plan::gates::gates;
use crate::plan::rewrite::rewritten;
use crate::plan::split::{self, Given, Part};
use crate::plan::{Fill, Packed, Plan};

/// A plan, and how a block of it is evaluated.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) plan: Plan,
    pub(super) program: Program,
    pub(super) filler: Filler,
    /// The numbers of its fills among all of the pass.
    pub(super) fills: Vec<usize>,
    /// Which events it is for; `None`: all of them.
    pub(super) front: Option<Front>,
}

/// What happens before a stage that is for some events only.
#[derive(Debug)]
pub(super) struct Front {
    /// A plan with one fill, whose mask says which events.
    pub(super) plan: Plan,
    pub(super) program: Program,
    /// What each of the other events adds to which fill of the pass.
    otherwise: Vec<(usize, FillData)>,
    /// The columns and counters of the stage's request among the batch's.
    columns: Vec<usize>,
    counters: Vec<usize>,
}

/// The stages of a plan; each fill is in one of them. What saves `least` gets a stage
/// of its own.
///
/// # Errors
/// The plan is not well-formed.
pub(super) fn stages<R: Real>(plan: &Plan, least: f64) -> Result<Vec<Stage>> {
    let parts = split::parts(plan, least);
    if parts.parts.is_empty() {
        let plan = rewritten(plan);
        let behind = gates(&plan);
        return Ok(vec![Stage::whole(plan, behind)?]);
    }
    let mut stages = Vec::new();
    if !parts.rest.is_empty() {
        let plan = rewritten(&plan.only(&parts.rest));
        let behind = gates(&plan);
        stages.push(Stage { fills: parts.rest, ..Stage::whole(plan, behind)? });
    }
    for part in parts.parts {
        stages.push(Stage::of_part::<R>(part)?);
    }
    Ok(stages)
}

/// The columns that are only needed of selected events.
pub(super) fn deferred(request: &Request, stages: &[Stage]) -> Vec<usize> {
    let mut deferred = vec![true; request.columns.len()];
    for stage in stages {
        let of_all = stage.front.as_ref().map_or(&stage.plan, |front| &front.plan);
        for node in of_all.ir.nodes() {
            if let Op::Column(number) = node.op {
                deferred[number] = false;
            }
        }
    }
    (0..deferred.len()).filter(|number| deferred[*number]).collect()
}

impl Stage {
    /// All fills of a plan, each space's groups behind these gates.
    pub(super) fn whole(plan: Plan, gates: Vec<Vec<NodeId>>) -> Result<Stage> {
        Ok(Stage {
            program: Program::of_fills(&plan, gates)?,
            filler: Filler::new(&plan),
            fills: (0..plan.fills.len()).collect(),
            plan,
            front: None,
        })
    }

    fn of_part<R: Real>(part: Part) -> Result<Stage> {
        let Part { selection, otherwise, selected } = part;
        let fills = selected.fills;
        let Packed { plan: selected, columns, counters } = selected.plan.packed();
        let plan = rewritten(&selected);
        let behind = gates(&plan);
        let selection = rewritten(&selection);
        let selection_behind = gates(&selection);
        let front = Front {
            program: Program::of_fills(&selection, selection_behind)?,
            plan: selection,
            otherwise: one_event::<R>(otherwise)?,
            columns,
            counters,
        };
        Ok(Stage { fills, front: Some(front), ..Stage::whole(plan, behind)? })
    }
}

impl Front {
    /// Appends the events of a block that are selected.
    pub(super) fn select<R: Real>(
        &self,
        block: &Block<'_, '_, R>,
        picks: &mut Vec<u32>,
        events: &mut Vec<u32>,
    ) {
        let start = block.range.start as u32;
        match block.arg::<u8>(self.plan.fills[0].mask) {
            Arg::Scalar(0) => {}
            Arg::Scalar(_) => events.extend(start..block.range.end as u32),
            Arg::Slice(mask) => {
                picks.clear();
                positions(mask, picks);
                events.extend(picks.iter().map(|event| start + event));
            }
        }
    }

    /// Adds this many events that are not selected to all fills of the pass.
    pub(super) fn add_others(&self, events: u64, all: &mut [FillData]) {
        for (k, one) in &self.otherwise {
            let data = &mut all[*k];
            data.nan += events * one.nan;
            for (count, one) in data.counts.iter_mut().zip(&one.counts) {
                *count += events * one;
            }
        }
    }

    /// Puts the selected events side by side for the stage.
    pub(super) fn gather(
        &self,
        request: &Request,
        batch: &Batch,
        events: &[u32],
        to: &mut Batch,
    ) -> Result<()> {
        gather(batch, events, (request, &self.columns, &self.counters), to)
    }
}

/// What one event gives to fills of constants, for those where that is anything.
fn one_event<R: Real>(given: Given) -> Result<Vec<(usize, FillData)>> {
    let everything: Vec<usize> = (0..given.fills.len()).collect();
    let plan = &given.plan.only(&everything);
    let program = Program::of_fills(plan, vec![vec![]; plan.ir.spaces().len()])?;
    let (filler, batch) = (Filler::new(plan), Batch { events: 1, ..Batch::default() });
    let (mut scratch, mut fill_scratch) = (Scratch::<R>::default(), FillScratch::default());
    let mut all: Vec<FillData> = plan.fills.iter().map(Fill::empty).collect();
    let block = Block::new((plan, &[]), &batch, 0..1, (1, 1), &mut scratch);
    let done = block.run(&program, |k, block| {
        filler.fill(plan, k, block, &mut fill_scratch, &mut all[k]);
    });
    debug_assert!(done.is_ok(), "constants need no space");
    let any = |data: &FillData| data.nan > 0 || data.entries() > 0;
    Ok(given.fills.into_iter().zip(all).filter(|(_, data)| any(data)).collect())
}
