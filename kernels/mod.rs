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
mod layout;
pub mod moments;
mod normal;
pub mod quanta;
pub mod real;
mod rounding;
pub mod share_sum;
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
pub use function::{Accuracy, Function, Slope, SlopeOfOne, SlopeOfTwo, index_of};

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
const LAYOUTS: [&[(&str, u32)]; 6] = [
    axis::LAYOUT,
    share_sum::LAYOUT,
    fill::LAYOUT,
    quanta::LAYOUT,
    moments::LAYOUT,
    soft_layout::LAYOUT,
];

/// All hand-written WGSL whose functions generated code may call.
const SHADERS: [&str; 12] = [
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
    share_sum::SHADER,
];
