//! What Linux knows of a process.

use std::time::Duration;

use harness::lambda::Environment;

use crate::Failure;

/// Processor time of all threads of a process.
pub(crate) fn processor_time(function: &Environment) -> Result<Duration, Failure> {
    let mut total = 0;
    for thread in std::fs::read_dir(format!("/proc/{}/task", function.process_id()))? {
        let schedstat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        total += schedstat
            .split(' ')
            .next()
            .ok_or("no schedstat")?
            .parse::<u64>()?;
    }
    Ok(Duration::from_nanos(total))
}

/// The most memory that was resident, MB.
pub(crate) fn peak_memory(function: &Environment) -> Result<f64, Failure> {
    memory(function, "VmHWM:")
}

/// The memory that is resident, MB.
pub(crate) fn resident_memory(function: &Environment) -> Result<f64, Failure> {
    memory(function, "VmRSS:")
}

fn memory(function: &Environment, what: &str) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.process_id()))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(what)?.trim().strip_suffix(" kB"))
        .ok_or_else(|| format!("no {what}"))?;
    Ok(kibibytes.trim().parse::<f64>()? * 1024.0 / 1e6)
}
