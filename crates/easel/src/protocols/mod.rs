//! The protocols of real engines, one module each. A protocol reads its own requests, asks the studio for pictures, and
//! plays faults in its own words; protocols do not know each other.

pub mod hf_inference;
