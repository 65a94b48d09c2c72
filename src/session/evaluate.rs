//! Events in memory and an analysis whose parameters get one value after the
//! other: what `scan` and `optimize` evaluate, over all samples.

use super::backend::Backend;
use super::bound::Bound;
use super::error::usage;
use super::gradients;
use super::variables::Variable;
use crate::analysis::{Compiled, HistogramInfo};
use crate::backend::Partial;
use crate::error::Result;
use crate::gradient::{Companions, Differentiated, Gradient};
use crate::hist::FillData;
use crate::objective::{self, Measured};
use crate::resident::{self, Half, Resident};
use crate::run::{DEFAULT_MEMORY, Progress, RunOptions};
use crate::samples::{self, Derived, Sample};
use crate::schema::Schema;
use crate::syntax::Objective;
use crate::thresholds::Grid;

/// Which of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All events.
    All,
    /// Every other event.
    Only(Half),
}

/// The half of the events that is optimised on.
pub const SEEN: Part = Part::Only(Half::Even);
/// The other half.
pub const HELD_OUT: Part = Part::Only(Half::Odd);
/// The step of differences, as a part of the range: contents in single precision
/// are right to some 1e-7.
const STEP: f64 = 2e-3;

/// An analysis over events that are in memory.
pub struct Evaluator {
    /// The analysis.
    pub bound: Bound,
    /// What evaluates it.
    pub backend: Backend,
    objective: Objective,
    doubles: bool,
    members: Vec<Member>,
    /// Hard and smooth plans, each of every member that has any.
    plans: [Option<Vec<Option<Planned>>>; 2],
}

/// A plan whose parameters can be set.
enum Planned {
    Hard(Compiled),
    Smooth(Gradient),
}

/// A plan with thresholds as axes, and what it filled, of each member.
pub type FilledGrids = Vec<(Grid, Vec<FillData>)>;

/// The events of a sample, or all there are; every other one in each half.
struct Member {
    sample: Option<Sample>,
    schema: Schema,
    halves: [Resident; 2],
    factor: f64,
}

/// The value of the objective somewhere.
#[derive(Debug, Clone)]
pub struct Found {
    /// The value.
    pub value: f64,
    /// Its derivative by each parameter; `None` where it takes derivatives that are not
    /// computed.
    pub gradient: Option<Vec<f64>>,
}

impl Evaluator {
    /// Reads the events of all samples; every evaluation is of this objective.
    ///
    /// # Errors
    /// As [`Bound::gradients`], or the events do not fit into the memory.
    pub fn read(
        bound: Bound,
        backend: Backend,
        objective: Objective,
        options: &RunOptions,
        progress: &mut dyn Progress,
    ) -> Result<Evaluator> {
        let doubles = backend.keeps_doubles();
        let (members, plans) = (Vec::new(), [None, None]);
        let mut evaluator = Evaluator { bound, backend, objective, doubles, members, plans };
        evaluator.bound.check_objectives(std::slice::from_ref(&evaluator.objective))?;
        let mut left = options.memory.unwrap_or(DEFAULT_MEMORY);
        for sample in evaluator.each_sample() {
            let inputs = evaluator.bound.inputs_of_one(sample.as_ref());
            let schema = evaluator.bound.schema(&inputs, options)?;
            let [soft, hard] = [true, false].map(|soft| evaluator.compiled(&sample, &schema, soft));
            let (soft, hard) = (soft?, hard?);
            if soft.histograms.is_empty() {
                continue;
            }
            let request = soft.plan.request.with(&hard.plan.request);
            let (all, records) = Resident::read(&request, &inputs, options, left, progress)?;
            drop(inputs);
            left = left.saturating_sub(all.bytes);
            let halves = [Half::Even, Half::Odd].map(|half| all.half(half));
            let factor = evaluator.bound.factor(sample.as_ref(), &records)?;
            evaluator.members.push(Member { sample, schema, halves, factor });
        }
        Ok(evaluator)
    }

    fn each_sample(&self) -> Vec<Option<Sample>> {
        match self.bound.samples() {
            [] => vec![None],
            all => all.iter().cloned().map(Some).collect(),
        }
    }

    /// The objective.
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// Events in memory, and the bytes that they take.
    pub fn events(&self) -> (u64, u64) {
        let halves = self.members.iter().flat_map(|m| &m.halves);
        halves.fold((0, 0), |(n, bytes), half| (n + half.events, bytes + half.bytes))
    }

    /// The values of all parameters.
    pub fn values(&self) -> Vec<f64> {
        self.bound.analysis().parameters.iter().map(|p| p.value).collect()
    }

    /// Gives all parameters values.
    pub fn set(&mut self, values: &[f64]) -> Result<()> {
        let names = self.bound.analysis().parameters.iter().map(|p| p.name.name.clone());
        for (name, value) in names.collect::<Vec<_>>().iter().zip(values) {
            self.bound.set_parameter(name, *value)?;
        }
        Ok(())
    }

    /// Whether there are smooth cuts.
    pub fn has_slopes(&self) -> bool {
        self.bound.has_slopes()
    }

    /// Makes smooth cuts steeper than the analysis says, by this factor.
    pub fn sharpen(&mut self, factor: f64) {
        self.bound.sharpen(factor);
        self.plans = [None, None];
    }

    /// The objective at these values on the even events, and its gradient by all
    /// parameters: by differences where it takes derivatives that are not computed.
    /// With `straight` the value is that of hard cuts, the gradient of smooth ones.
    pub fn evaluate(
        &mut self,
        values: &[f64],
        variables: &[Variable],
        straight: bool,
    ) -> Result<(f64, Vec<f64>)> {
        self.set(values)?;
        let mut measured = self.measured(SEEN, true)?;
        if straight {
            let hard = self.measured(SEEN, false)?;
            for (soft, hard) in measured.iter_mut().zip(hard) {
                soft.main.histogram = hard.main.histogram;
                if let (Some(soft), Some(hard)) = (&mut soft.products, hard.products) {
                    soft.histogram = hard.histogram;
                }
            }
        }
        let found = self.value(&measured)?;
        let gradient = match found.gradient {
            Some(gradient) => gradient,
            None => self.differences(values, variables)?,
        };
        Ok((found.value, gradient))
    }

    fn differences(&mut self, values: &[f64], variables: &[Variable]) -> Result<Vec<f64>> {
        let mut gradient = vec![0.0; values.len()];
        for v in variables {
            let step = STEP * (v.high - v.low);
            let ends = [(values[v.index] - step).max(v.low), (values[v.index] + step).min(v.high)];
            let mut sides = [0.0; 2];
            for (side, end) in sides.iter_mut().zip(ends) {
                let mut moved = values.to_vec();
                moved[v.index] = end;
                self.set(&moved)?;
                *side = self.soft(SEEN)?.value;
            }
            gradient[v.index] = (sides[1] - sides[0]) / (ends[1] - ends[0]);
        }
        self.set(values)?;
        Ok(gradient)
    }

    /// The objective with soft cuts and histograms, and its gradient.
    pub fn soft(&mut self, part: Part) -> Result<Found> {
        let measured = self.measured(part, true)?;
        self.value(&measured)
    }

    /// The objective with hard cuts and bins.
    pub fn hard(&mut self, part: Part) -> Result<f64> {
        let measured = self.measured(part, false)?;
        Ok(self.value(&measured)?.value)
    }

    /// The value of the objective, given the outputs.
    pub fn value(&self, measured: &[Measured]) -> Result<Found> {
        let analysis = self.bound.analysis();
        let priors: Vec<Option<f64>> = analysis.parameters.iter().map(|p| p.prior).collect();
        let found = objective::value(&self.objective, measured, &priors);
        let (value, gradient) = found.map_err(|d| self.bound.diagnosed(&[d]))?;
        Ok(Found { value, gradient })
    }

    /// The outputs that the objective needs.
    pub fn measured(&mut self, part: Part, soft: bool) -> Result<Vec<Measured>> {
        let mut plans = match self.plans[usize::from(soft)].take() {
            Some(plans) => plans,
            None => self.members.iter().map(|m| self.planned(m, soft)).collect::<Result<_>>()?,
        };
        let values = self.values();
        let mut done = Vec::with_capacity(self.members.len());
        for (member, planned) in self.members.iter().zip(&mut plans) {
            let Some(planned) = planned else { continue };
            let (infos, results) = self.results(member, planned, part, &values)?;
            done.push((member, infos, results));
        }
        let measured = self.gathered(&done, part);
        self.plans[usize::from(soft)] = Some(plans);
        Ok(measured)
    }

    /// What members gave, put together.
    fn gathered(
        &self,
        done: &[(&Member, Vec<HistogramInfo>, Vec<Differentiated>)],
        part: Part,
    ) -> Vec<Measured> {
        let derived = done.iter().map(|(member, infos, results)| {
            let factor = member.factor * member.share(part);
            let results = gradients::scaled(results, infos, factor);
            Derived { sample: member.sample.as_ref(), infos: infos.clone(), results }
        });
        let analysis = self.bound.analysis();
        let all = samples::derivatives(analysis, derived.collect());
        gradients::measured(analysis, all)
    }

    fn results(
        &self,
        member: &Member,
        planned: &mut Planned,
        part: Part,
        values: &[f64],
    ) -> Result<(Vec<HistogramInfo>, Vec<Differentiated>)> {
        Ok(match planned {
            Planned::Hard(compiled) => {
                compiled.plan.set_parameters(values);
                let partial = self.run(member, part, compiled)?;
                let results = gradients::without_derivatives(compiled, &partial.fills);
                (compiled.histograms.clone(), results)
            }
            Planned::Smooth(gradient) => {
                gradient.compiled.plan.set_parameters(values);
                let partial = self.run(member, part, &gradient.compiled)?;
                (gradient.compiled.histograms.clone(), gradient.results(&partial.fills))
            }
        })
    }

    /// The plan of a member, and what is filled beside; `None` without histograms.
    fn planned(&self, member: &Member, soft: bool) -> Result<Option<Planned>> {
        let mut compiled = self.compiled(&member.sample, &member.schema, soft)?;
        compiled.fill_companions(|info| self.beside(member, info));
        Ok(match (compiled.histograms.is_empty(), soft) {
            (true, _) => None,
            (false, false) => Some(Planned::Hard(compiled)),
            (false, true) => {
                let objectives = std::slice::from_ref(&self.objective);
                let parameters = &self.bound.analysis().parameters;
                let gradient = gradients::gradient(&compiled, objectives, parameters)?;
                Some(Planned::Smooth(gradient))
            }
        })
    }

    /// The plan of a sample, with the fills that the objective needs only.
    fn compiled(&self, sample: &Option<Sample>, schema: &Schema, soft: bool) -> Result<Compiled> {
        let sample = sample.as_ref();
        let mut compiled = match soft {
            true => self.bound.compile_for(schema, sample)?,
            false => self.bound.compile_hard(schema, sample)?,
        };
        compiled.plan.request.keep_doubles = self.doubles;
        gradients::retain(&mut compiled, |info| self.keeps(sample, info));
        Ok(compiled.for_run())
    }

    /// Whether the objective is made of an output.
    fn keeps(&self, sample: Option<&Sample>, info: &HistogramInfo) -> bool {
        let analysis = self.bound.analysis();
        let wanted = objective::outputs_of(&self.objective);
        let is_wanted = |sample: Option<&Sample>| {
            wanted.contains(&gradients::output_name(analysis, sample, info))
        };
        let combined = analysis.combinations.iter().filter(|c| {
            info.variation.is_none()
                && c.terms.iter().any(|(term, _)| sample.is_some_and(|s| s.name == term.name))
        });
        let mut names = combined.map(|c| c.name.name.clone());
        is_wanted(sample)
            || names.any(|name| {
                let process = name.clone();
                is_wanted(Some(&Sample { name, process, ..Sample::default() }))
            })
    }

    fn beside(&self, member: &Member, info: &HistogramInfo) -> Companions {
        let analysis = self.bound.analysis();
        let name = gradients::output_name(analysis, member.sample.as_ref(), info);
        let objectives = std::slice::from_ref(&self.objective);
        gradients::beside(analysis, objectives, &name, info)
    }

    fn run(&self, member: &Member, part: Part, compiled: &Compiled) -> Result<Partial> {
        let backend = self.backend.evaluator();
        let [even, odd] = &member.halves;
        let halves = match part {
            Part::Only(Half::Even) => vec![even],
            Part::Only(Half::Odd) => vec![odd],
            Part::All => vec![even, odd],
        };
        resident::evaluate(&halves, &compiled.plan, backend)
    }

    /// The fills of a plan with thresholds as axes, of each member over all events;
    /// `None` if one of them has no such plan.
    pub fn grids(&self, make: impl Fn(&Compiled) -> Option<Grid>) -> Result<Option<FilledGrids>> {
        let mut all = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let mut compiled = self.compiled(&member.sample, &member.schema, false)?;
            compiled.fill_companions(|info| self.beside(member, info));
            let Some(grid) = make(&compiled) else { return Ok(None) };
            let partial = self.run(member, Part::All, &grid.compiled)?;
            all.push((grid, partial.fills));
        }
        Ok(Some(all))
    }

    /// The outputs, given the histograms of each member.
    pub fn assembled(&self, each: Vec<(Vec<HistogramInfo>, Vec<Differentiated>)>) -> Vec<Measured> {
        let done = self.members.iter().zip(each);
        let done: Vec<_> =
            done.map(|(member, (infos, results))| (member, infos, results)).collect();
        self.gathered(&done, Part::All)
    }
}

impl Member {
    /// What a part is multiplied by to stand for all events.
    fn share(&self, part: Part) -> f64 {
        let [even, odd] = self.halves.each_ref().map(|half| half.events as f64);
        match part {
            Part::Only(Half::Even) if even > 0.0 => (even + odd) / even,
            Part::Only(Half::Odd) if odd > 0.0 => (even + odd) / odd,
            _ => 1.0,
        }
    }
}

impl Bound {
    /// The objective of this name; without a name the only one.
    ///
    /// # Errors
    /// There is none of this name, or there is none or several to choose from.
    pub fn objective(&self, name: Option<&str>) -> Result<Objective> {
        let all = &self.analysis().objectives;
        let names: Vec<&str> = all.iter().map(|o| o.name.name.as_str()).collect();
        match (name, &all[..]) {
            (None, [one]) => Ok(one.clone()),
            (_, []) => Err(usage(
                "the analysis has no objectives: add `objectives: {z: {significance: {signal: s, \
                 background: b}}}`"
                    .to_owned(),
            )),
            (None, _) => {
                let message = format!("choose one by --objective: there are {}", names.join(", "));
                Err(usage(message))
            }
            (Some(name), _) => match all.iter().find(|o| o.name.name == name) {
                Some(found) => Ok(found.clone()),
                None => {
                    let message =
                        format!("there is no objective `{name}`: there are {}", names.join(", "));
                    Err(usage(message))
                }
            },
        }
    }
}
