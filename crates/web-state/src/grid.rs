//! The history as a grid of which only a window exists: ten thousand pictures, a few dozen elements.
//!
//! Owns: where each tile is, which are in sight, when the next page is wanted, and where keys lead.
//! Must not: hold the pictures, or measure the page.

use std::ops::Range;

/// A tile is at least so wide.
const TILE_MIN: u32 = 160;
/// On a wide page: so wide that a picture is worth looking at.
const TILE_MIN_WIDE: u32 = 220;
/// From which width on a page is wide.
const WIDE: u32 = 900;

/// Where everything is, for a width of the page. All lengths are pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Tiles in a row.
    pub columns: u32,
    /// A tile's side; tiles are square.
    pub tile: u32,
    /// Between tiles.
    pub gap: u32,
}

impl Grid {
    /// The grid that fits the width.
    #[must_use]
    pub fn fitting(width: u32, gap: u32) -> Self {
        let least = if width >= WIDE { TILE_MIN_WIDE } else { TILE_MIN };
        let pitch = least.saturating_add(gap).max(1);
        let columns = width.saturating_add(gap).checked_div(pitch).unwrap_or_default().max(1);
        let gaps = gap.saturating_mul(columns.saturating_sub(1));
        let tile = width.saturating_sub(gaps).checked_div(columns).unwrap_or_default().max(1);
        Self { columns, tile, gap }
    }

    /// From the top of one row to the top of the next.
    #[must_use]
    pub const fn row_height(self) -> u32 {
        self.tile.saturating_add(self.gap)
    }

    /// Rows of so many pictures.
    #[must_use]
    pub const fn rows(self, count: u32) -> u32 {
        count.div_ceil(if self.columns == 0 { 1 } else { self.columns })
    }

    /// The height of all of them.
    #[must_use]
    pub const fn height(self, count: u32) -> u32 {
        self.rows(count).saturating_mul(self.row_height()).saturating_sub(if count == 0 { 0 } else { self.gap })
    }

    /// Where the tile is.
    #[must_use]
    pub fn place(self, index: u32) -> Place {
        let columns = self.columns.max(1);
        let row = index.checked_div(columns).unwrap_or_default();
        let column = index.checked_rem(columns).unwrap_or_default();
        Place {
            left: column.saturating_mul(self.tile.saturating_add(self.gap)),
            top: row.saturating_mul(self.row_height()),
        }
    }

    /// Which pictures have elements: those of the rows in sight, and of so many more above and below.
    #[must_use]
    pub fn window(self, scroll_top: u32, height: u32, overscan_rows: u32, count: u32) -> Range<u32> {
        let pitch = self.row_height().max(1);
        let row = |pixels: u32| pixels.checked_div(pitch).unwrap_or_default();
        let first_row = row(scroll_top).saturating_sub(overscan_rows);
        let last_row = row(scroll_top.saturating_add(height)).saturating_add(overscan_rows).saturating_add(1);
        let end = last_row.saturating_mul(self.columns).min(count);
        first_row.saturating_mul(self.columns).min(end)..end
    }

    /// Whole rows that are seen at once, at least one: what a page up or down is.
    #[must_use]
    pub fn rows_in(self, height: u32) -> u32 {
        height.checked_div(self.row_height().max(1)).unwrap_or_default().max(1)
    }
}

/// Where a tile is, from the grid's corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Pixels.
    pub left: u32,
    /// Pixels.
    pub top: u32,
}

/// How many windows' heights go by in a second where nobody can tell one picture from the next.
const QUICK: u64 = 3;

/// Whether the window moves so quickly over the grid that no picture in it needs to be fetched: it is past before it is
/// there. `moved` pixels in `ms`.
#[must_use]
pub fn is_quick(moved: u32, height: u32, ms: u32) -> bool {
    u64::from(moved).saturating_mul(1_000) > u64::from(height).saturating_mul(QUICK).saturating_mul(u64::from(ms))
}

/// Where a key leads from a tile; none where it leads nowhere, or is none of the grid's. In a row left and right go on in
/// the row above or below, as reading does.
#[must_use]
pub fn moved(key: &str, index: u32, count: u32, columns: u32, rows_in_sight: u32) -> Option<u32> {
    let last = count.checked_sub(1)?;
    let columns = columns.max(1);
    let page = columns.saturating_mul(rows_in_sight.max(1));
    let column = index.checked_rem(columns).unwrap_or_default();
    // Below the last full row the nearest tile is the last one.
    let down = |by: u32| {
        let to = index.saturating_add(by);
        let last_row = last.checked_div(columns).unwrap_or_default();
        let row = index.checked_div(columns).unwrap_or_default();
        if to <= last {
            to
        } else if row < last_row {
            last_row.saturating_mul(columns).saturating_add(column).min(last)
        } else {
            index
        }
    };
    let to = match key {
        "ArrowLeft" => index.saturating_sub(1),
        "ArrowRight" => index.saturating_add(1).min(last),
        "ArrowUp" => index.checked_sub(columns).unwrap_or(index),
        "ArrowDown" => down(columns),
        "PageUp" => index.checked_sub(page).unwrap_or(column),
        "PageDown" => down(page),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    (to != index).then_some(to)
}

#[cfg(test)]
mod tests;
