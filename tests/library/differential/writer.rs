//! Random analyses: definitions, weights, regions and histograms.

use super::dice::Dice;
use super::elements::{Collection, Element, Kind, Scope, Ty};

/// The entries of each section of an analysis.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sections {
    pub(crate) defines: Vec<String>,
    pub(crate) weight: Vec<String>,
    pub(crate) regions: Vec<String>,
    pub(crate) histograms: Vec<String>,
    /// A whole file as it is, which replaces the rest.
    pub(crate) file: Option<String>,
}

impl Sections {
    /// The analysis file.
    pub(crate) fn text(&self) -> String {
        if let Some(file) = &self.file {
            return file.clone();
        }
        let mut out = String::new();
        for (head, entries) in [("define", &self.defines), ("regions", &self.regions)] {
            if !entries.is_empty() {
                out.push_str(&format!("{head}:\n{}", entries.concat()));
            }
        }
        out.push_str(&self.weight.concat());
        out.push_str(&format!("histograms:\n{}", self.histograms.concat()));
        out
    }

    /// Number of sections.
    pub(crate) const PARTS: usize = 4;

    /// The entries of a section, to be cut down; what depends on others first.
    pub(crate) fn part(&mut self, k: usize) -> &mut Vec<String> {
        match k {
            0 => &mut self.histograms,
            1 => &mut self.regions,
            2 => &mut self.weight,
            _ => &mut self.defines,
        }
    }
}

/// Bins of real numbers that a soft fill takes.
const SMOOTH: [&str; 5] = [
    "bins: [8, 0.1, 0.9]",
    "bins: [10, 0, 100]",
    "bins: [6, -3.2, 3.2]",
    "bins: [5, -2.5, 2.5]",
    "edges: [0, 0.1, 0.3, 20, 25, 30.5, 91.2]",
];

/// A function of the analysis: its name, its parameters and its type.
type Signature = (String, Vec<Parameter>, Ty);

/// A parameter of a function.
#[derive(Debug, Clone)]
enum Parameter {
    Number(Ty),
    Element(Element),
}

/// Writes one analysis.
pub(crate) struct Writer {
    pub(crate) dice: Dice,
    /// Parts that the expression at hand may still have.
    pub(crate) left: i32,
    /// The scalar function whose turn it is.
    pub(crate) turn: usize,
    names: usize,
    pub(crate) collections: Vec<Collection>,
    pub(crate) objects: Vec<(String, Element)>,
    pub(crate) values: Vec<(String, Ty)>,
    fields: Vec<(Kind, String, Ty)>,
    functions: Vec<Signature>,
}

/// The analysis of a seed.
pub(crate) fn analysis(seed: u64) -> Sections {
    let mut writer = Writer {
        dice: Dice::new(seed),
        left: 0,
        // Neighbouring seeds begin with different functions.
        // Three a plan: all come equally often, however many there are.
        turn: 3 * seed as usize,
        names: 0,
        collections: Vec::new(),
        objects: Vec::new(),
        values: Vec::new(),
        fields: Vec::new(),
        functions: Vec::new(),
    };
    let mut sections = Sections::default();
    for _ in 0..2 + writer.dice.below(3) {
        sections.defines.extend(writer.define());
    }
    if writer.dice.percent(40) {
        let weight = writer.weight();
        sections.weight.push(format!("weight: {weight}\n"));
    }
    let mut regions = vec!["all".to_string()];
    for _ in 0..writer.dice.below(3) {
        let (name, text) = writer.region(&regions);
        regions.push(name);
        sections.regions.push(text);
    }
    for _ in 0..1 + writer.dice.below(3) {
        sections.histograms.push(writer.histogram(&regions));
    }
    sections.histograms.push(writer.functions_in_turn());
    // Of other dice, so that nothing else depends on them; software devices take seconds
    // to compile one.
    writer.dice = Dice::new(!seed);
    if writer.dice.percent(8) {
        sections.histograms.push(writer.soft_histogram());
    }
    sections
}

impl Writer {
    /// A new name.
    pub(crate) fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Defined fields of an element.
    pub(crate) fn own_fields(&self, element: &Element, ty: Ty) -> Vec<String> {
        let own = self.fields.iter().filter(|(kind, _, t)| *kind == element.kind && *t == ty);
        own.map(|(_, name, _)| name.clone()).collect()
    }

    fn define(&mut self) -> Option<String> {
        let event = Scope::event();
        match self.dice.below(8) {
            0..=2 => {
                self.left = 12;
                let found = self.collection(&event)?;
                let name = self.name("set");
                let line = format!("  {name}: {}\n", found.text);
                self.collections.push(Collection { text: name, ..found });
                Some(line)
            }
            3 => {
                self.left = 10;
                let (text, element) = self.object(&event)?;
                let name = self.name("one");
                self.objects.push((name.clone(), element));
                Some(format!("  {name}: {text}\n"))
            }
            4 => {
                let ty = *self.dice.pick(&Ty::ALL);
                let text = self.sized(&event, ty, 8);
                let name = self.name("value");
                self.values.push((name.clone(), ty));
                Some(format!("  {name}: {text}\n"))
            }
            5 | 6 => Some(self.define_field()),
            _ => Some(self.define_function()),
        }
    }

    fn define_field(&mut self) -> String {
        let kind = self.dice.pick(&[Kind::Jet, Kind::Muon, Kind::Electron]).clone();
        let element = Element::stored(kind.clone());
        let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Int, Ty::Bool]);
        let scope = Scope { bare: Some(element.clone()), times: 9, ..Scope::event() };
        let text = self.sized(&scope, ty, 8);
        let name = self.name("own");
        self.fields.push((kind, name.clone(), ty));
        format!("  {}.{name}: {text}\n", element.root)
    }

    fn define_function(&mut self) -> String {
        let mut scope = Scope { times: 9, ..Scope::event() };
        let (mut parameters, mut names) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.dice.below(2) {
            let name = self.name("p");
            if self.dice.percent(50) {
                let ty = *self.dice.pick(&[Ty::Real, Ty::Int, Ty::Long]);
                scope.numbers.push((name.clone(), ty));
                parameters.push(Parameter::Number(ty));
            } else {
                let kind = self.dice.pick(&[Kind::Jet, Kind::Muon, Kind::Lepton]).clone();
                let element = match kind {
                    Kind::Lepton => Element { kind, root: "concat(Muon, Electron)".to_string() },
                    kind => Element::stored(kind),
                };
                scope.elements.push((name.clone(), element.clone()));
                parameters.push(Parameter::Element(element));
            }
            names.push(name);
        }
        let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Int, Ty::Bool]);
        let text = self.sized(&scope, ty, 10);
        let name = self.name("f");
        self.functions.push((name.clone(), parameters, ty));
        format!("  {name}({}): {text}\n", names.join(", "))
    }

    /// A call of a function of the analysis.
    pub(crate) fn called(&mut self, scope: &Scope, ty: Ty) -> Option<String> {
        let fitting: Vec<&Signature> = self.functions.iter().filter(|f| f.2 == ty).collect();
        let (name, parameters, _) =
            (!fitting.is_empty()).then(|| (*self.dice.pick(&fitting)).clone())?;
        let mut arguments = Vec::new();
        for parameter in parameters {
            arguments.push(match parameter {
                Parameter::Number(ty) => self.expression(scope, ty),
                Parameter::Element(element) => self.argument(scope, &element)?,
            });
        }
        if scope.times > 20 {
            return None;
        }
        Some(format!("{name}({})", arguments.join(", ")))
    }

    fn argument(&mut self, scope: &Scope, element: &Element) -> Option<String> {
        let known = scope.elements.iter().chain(&self.objects).find(|(_, e)| e == element);
        if let Some((name, _)) = known {
            return Some(name.clone());
        }
        let at = self.dice.below(2);
        Some(format!("{}[{at}]", element.root))
    }

    /// A weight: numbers of very different sizes and both signs.
    fn weight(&mut self) -> String {
        match self.dice.below(6) {
            0 => "genWeight".to_string(),
            1 => "(genWeight * pileup)".to_string(),
            2 => "(pileup * 1e-12)".to_string(),
            3 => "(genWeight * exp(MET.phi * 12.0))".to_string(),
            4 => "(genWeight * (if (PV.npvs < 10) then 1e-18 else 1e18))".to_string(),
            _ => self.sized(&Scope::event(), Ty::Real, 6),
        }
    }

    fn region(&mut self, regions: &[String]) -> (String, String) {
        let name = self.name("r");
        let base = (regions.len() > 1 && self.dice.percent(50))
            .then(|| self.dice.pick(&regions[1..]).clone());
        let mut cuts: Vec<String> = (0..self.dice.below(4))
            .map(|k| {
                let condition = match self.dice.below(3) {
                    // Cuts that most events pass keep the histograms filled.
                    0 => "((nJet > 0) or (nMuon > 1))".to_string(),
                    1 => format!("(not ({}))", self.sized(&Scope::event(), Ty::Bool, 8)),
                    _ => format!("(HLT_IsoMu24 or {})", self.sized(&Scope::event(), Ty::Bool, 10)),
                };
                format!("cut {k}: {condition}")
            })
            .collect();
        if self.dice.percent(40) {
            let weight = self.weight();
            let mut text = format!("  {name}:\n    weight: {weight}\n");
            if let Some(base) = base {
                text.push_str(&format!("    from: {base}\n"));
            }
            if cuts.is_empty() {
                cuts.push("some: (nJet >= 0)".to_string());
            }
            let cuts: String = cuts.iter().map(|c| format!("      - {c}\n")).collect();
            text.push_str(&format!("    cuts:\n{cuts}"));
            return (name, text);
        }
        if cuts.is_empty() {
            cuts.push("one: (nMuon < 4)".to_string());
        }
        let cuts = base.into_iter().chain(cuts).map(|c| format!("    - {c}\n"));
        let text = format!("  {name}:\n{}", cuts.collect::<String>());
        (name, text)
    }

    fn histogram(&mut self, regions: &[String]) -> String {
        let event = Scope::event();
        self.left = 10;
        let of = match self.dice.below(10) {
            0 | 1 => None,
            2..=4 => self.larger(),
            _ => self.collection(&event),
        };
        let axes = match self.dice.below(10) {
            0..=5 => 1,
            6..=8 => 2,
            _ => 3,
        };
        let mut text = format!("  {}:\n", self.name("h"));
        let axes: Vec<[String; 2]> = (0..axes).map(|k| self.axis(of.as_ref(), k == 0)).collect();
        match &axes[..] {
            [[value, bins]] => text
                .push_str(&format!("    value: {value}\n    {}\n", bins.replace('\n', "\n    "))),
            several => {
                text.push_str("    axes:\n");
                for [value, bins] in several {
                    let bins = bins.replace('\n', "\n        ");
                    text.push_str(&format!("      - value: {value}\n        {bins}\n"));
                }
            }
        }
        if self.dice.percent(35) {
            let weight = match (&of, self.dice.below(3)) {
                (Some(of), 0) => {
                    self.left = 6;
                    self.array(&event, of, Ty::Real)
                }
                _ => self.weight(),
            };
            text.push_str(&format!("    weight: {weight}\n"));
        }
        let region = self.dice.pick(regions).clone();
        if region != "all" {
            let also = if self.dice.percent(30) { "all, " } else { "" };
            text.push_str(&format!("    regions: [{also}{region}]\n"));
        }
        text
    }

    /// A soft histogram; of those with one axis most have moments.
    fn soft_histogram(&mut self) -> String {
        let event = Scope::event();
        self.left = 10;
        let of = if self.dice.percent(40) { self.collection(&event) } else { None };
        let mut value = || match &of {
            Some(of) => self.array(&event, of, Ty::Real),
            None => self.sized(&event, Ty::Real, 8),
        };
        let values = [value(), value()];
        let [bins, other] = [*self.dice.pick(&SMOOTH), *self.dice.pick(&SMOOTH)];
        let kernel =
            *self.dice.pick(&["gauss", "gauss", "gauss", "logistic", "triangular", "softmax"]);
        let flow = match kernel {
            "softmax" => "none",
            _ => *self.dice.pick(&["none", "bins", "bins", "fold", "fold", "renorm"]),
        };
        let mode = if self.dice.percent(90) { "windowed" } else { "all-bin" };
        let width = *self.dice.pick(&["0.7 bins", "1.7 bins", "12"]);
        let mut text = format!("  {}:\n", self.name("h"));
        let width = if self.dice.percent(85) {
            text.push_str(&format!("    value: {}\n    {bins}\n", values[0]));
            width.to_string()
        } else {
            text.push_str("    axes:\n");
            for (value, bins) in values.iter().zip([bins, other]) {
                text.push_str(&format!("      - value: {value}\n        {bins}\n"));
            }
            format!("[{width}, 0.8 bins]")
        };
        let weight = self.weight();
        text.push_str(&format!(
            "    weight: {weight}\n    \
             soft: {{kernel: {kernel}, flow: {flow}, mode: {mode}, bandwidth: {width}}}\n"
        ));
        text
    }

    /// A histogram of three functions whose turn it is, of small numbers.
    fn functions_in_turn(&mut self) -> String {
        const SMALL: &[&str] = &["MET.phi", "(MET.phi / 3.2)", "genWeight", "(MET.pt * 0.01)"];
        let scope = Scope {
            numbers: SMALL.iter().map(|text| ((*text).to_string(), Ty::Real)).collect(),
            ..Scope::event()
        };
        let mut function = || {
            self.left = 1;
            self.function(&scope)
        };
        let [a, b, c] = [function(), function(), function()];
        let value = format!("(if is_nan({a}) then {b} else ({a} + {c}))");
        let name = self.name("h");
        format!("  {name}:\n    value: {value}\n    bins: [10, -2, 3]\n    weight: {value}\n")
    }

    /// A value and its bins.
    fn axis(&mut self, of: Option<&Collection>, first: bool) -> [String; 2] {
        let ty = *self.dice.pick(&[Ty::Real, Ty::Real, Ty::Real, Ty::Int, Ty::Long, Ty::Bool]);
        let event = Scope::event();
        let value = match of {
            Some(of) if of.element.members().len() > 2 && self.dice.percent(85) => {
                return [format!("{}.mass", of.text), self.bins(Ty::Real)];
            }
            Some(of) if first || self.dice.percent(70) => {
                self.left = 12;
                self.array(&event, of, ty)
            }
            // A function of something, so that each has its turn.
            _ if ty == Ty::Real && self.dice.percent(50) => {
                self.left = 9;
                self.function(&event)
            }
            _ => self.sized(&event, ty, 14),
        };
        [value, self.bins(ty)]
    }

    fn bins(&mut self, ty: Ty) -> String {
        const REAL: &[&str] = &[
            "bins: [8, 0.1, 0.9]",
            "bins: [10, 0, 100]",
            "bins: [6, -3.2, 3.2]",
            "bins: [5, -2.5, 2.5]",
            "bins: [1, -1e30, 1e30]",
            "bins: [7, 0.1, 1000]\nlog: true",
            "bins: [4, 1e-3, 1e3]\nlog: true",
            "edges: [0, 0.1, 0.3, 20, 25, 30.5, 91.2]",
            "edges: [-1e30, -1, 0, 1e-3, 1, 1e10]",
            "edges: [-0.5, 0.1, 0.2, 0.3]",
        ];
        const INT: &[&str] = &[
            "integers: [-2, 6]",
            "integers: [0, 15]",
            "integers: [2010, 2018]",
            "categories: [0, 1, -13, 7, 2016]",
            "categories: [5, 2]",
            "bins: [6, -3, 9]",
            "edges: [-100.5, 0, 1.5, 1e9]",
        ];
        const LONG: &[&str] = &[
            "integers: [9007199254740990, 9007199254740995]",
            "integers: [-2, 6]",
            "categories: [9223372036854775807, 0, 4294967295, -1]",
            "categories: [1, 9007199254740993]",
            "bins: [5, 0, 1e19]",
        ];
        const BOOL: &[&str] = &[
            "boolean: true",
            "boolean: true",
            "boolean: true",
            "integers: [0, 1]",
            "categories: [1]",
            "bins: [2, 0, 2]",
        ];
        (*self.dice.pick(match ty {
            Ty::Real => REAL,
            Ty::Int => INT,
            Ty::Long => LONG,
            Ty::Bool => BOOL,
        }))
        .to_string()
    }
}
