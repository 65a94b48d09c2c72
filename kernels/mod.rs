//! What each kernel means: contract, Rust twin, cases. A scalar function is
//! written once, in tokens that are both Rust and WGSL; a kernel that needs
//! more has a hand-written twin of the same basename in `shaders/`.

pub mod angle;
pub mod axis;
mod catalogue;
mod double;
mod exponential;
pub mod fill;
mod function;
pub mod integer;
mod kernel;
mod layout;
pub mod moments;
mod normal;
pub mod quanta;
pub mod real;
mod registry;
mod rounding;
mod share_sum;
mod slope;
pub mod soft;
mod soft_beyond;
mod soft_double;
mod soft_hazard;
mod soft_layout;
mod soft_real;
mod soft_shares;
mod soft_table;
mod soft_terms;
mod soft_words;
mod trigonometric;
pub mod wgsl;
pub mod wide;

pub use catalogue::FUNCTIONS;
pub use function::{Accuracy, Function};
pub use kernel::{
    Algebra, Call, Case, Columns, Cost, Derivative, Input, Kernel, Output, Term, Type, Wgsl,
};
pub use registry::{Registry, standard};
pub use share_sum::ShareSum;

/// All functions that are written in shared tokens.
const TOKENS: [&[wgsl::Tokens]; 7] = [
    rounding::TOKENS,
    exponential::TOKENS,
    trigonometric::TOKENS,
    normal::TOKENS,
    soft_shares::TOKENS,
    soft_hazard::TOKENS,
    moments::TOKENS,
];

/// All constants that Rust and WGSL share.
const LAYOUTS: [&[(&str, u32)]; 5] =
    [axis::LAYOUT, fill::LAYOUT, quanta::LAYOUT, moments::LAYOUT, soft_layout::LAYOUT];

/// All hand-written WGSL whose functions generated code may call.
const SHADERS: [&str; 11] = [
    include_str!("../shaders/angle.wgsl"),
    include_str!("../shaders/real.wgsl"),
    include_str!("../shaders/integer.wgsl"),
    include_str!("../shaders/wide.wgsl"),
    quanta::SHADER,
    include_str!("../shaders/shared/event.wgsl"),
    axis::SHADER,
    fill::SHADER,
    soft::SHADER,
    soft_beyond::SHADER,
    moments::SHADER,
];
