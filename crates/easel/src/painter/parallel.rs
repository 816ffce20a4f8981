//! Rows on two threads. The result never depends on the number of threads: every row is a function of its index alone.

/// Rows that one thread takes at a time, small enough that both finish together.
const BAND_ROWS: usize = 16;

/// Calls `f(y, row)` for every row of `width` items in `buffer`.
pub fn rows<T: Send>(buffer: &mut [T], width: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    if width == 0 {
        return;
    }
    let mut shares = [Vec::new(), Vec::new()];
    for (index, band) in buffer.chunks_mut(width * BAND_ROWS).enumerate() {
        shares[index % 2].push((index * BAND_ROWS, band));
    }
    let run = |share: Vec<(usize, &mut [T])>| {
        for (top, band) in share {
            for (offset, row) in band.chunks_mut(width).enumerate() {
                f(top + offset, row);
            }
        }
    };
    let [first, second] = shares;
    std::thread::scope(|scope| {
        if !second.is_empty() {
            scope.spawn(|| run(second));
        }
        run(first);
    });
}
