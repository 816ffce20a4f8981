//! What stable-diffusion.cpp calls its methods of sampling and its schedulers: two of its interfaces show them.

/// Methods of sampling.
pub const METHODS: [&str; 8] = ["euler", "euler_a", "heun", "dpm2", "dpm++2s_a", "dpm++2m", "dpm++2mv2", "lcm"];

/// Schedulers.
pub const SCHEDULERS: [&str; 6] = ["discrete", "karras", "exponential", "ays", "sgm_uniform", "simple"];
