//! The grid on a phone and on a wide page, with nothing and with ten thousand pictures in it.

use super::*;

fn wide() -> Grid {
    Grid::fitting(1_000, 12)
}

#[test]
fn tiles_fill_the_width() {
    for (width, columns, tile) in
        [(0, 1, 1), (100, 1, 100), (320, 1, 320), (390, 2, 189), (1_000, 4, 241), (1_440, 6, 230)]
    {
        let grid = Grid::fitting(width, 12);
        assert_eq!((grid.columns, grid.tile), (columns, tile), "{width}");
        assert!(grid.columns * grid.tile + (grid.columns - 1) * 12 <= width.max(1));
    }
    assert_eq!(Grid::fitting(u32::MAX, 0).tile, 220);
}

#[test]
fn rows_stand_below_each_other() {
    let grid = wide();
    assert_eq!((grid.row_height(), grid.rows(9), grid.height(9), grid.height(0)), (253, 3, 747, 0));
    assert_eq!(grid.place(5), Place { left: 253, top: 253 });
    assert_eq!(grid.height(10_000), 2_500 * 253 - 12);
}

#[test]
fn only_what_is_in_sight_has_elements() {
    let grid = wide();
    for (scroll_top, height, overscan, count, expected) in [
        (0, 800, 1, 10_000, 0..20),
        (253 * 100, 800, 1, 10_000, 396..420),
        (253 * 2_490, 5_000, 2, 10_000, 9_952..10_000),
        (u32::MAX, 800, 2, 10_000, 10_000..10_000),
        (0, 800, 1, 3, 0..3),
        (0, 800, 1, 0, 0..0),
    ] {
        assert_eq!(grid.window(scroll_top, height, overscan, count), expected, "{scroll_top}");
    }
}

#[test]
fn a_picture_is_fetched_where_it_can_be_looked_at() {
    // A wheel's notch in a frame; a fling; a key that leads to the end; and at rest, in no time at all.
    for (moved, ms, expected) in [(30, 16, false), (60, 16, true), (500_000, 200, true), (0, 0, false), (0, 120, false)]
    {
        assert_eq!(is_quick(moved, 800, ms), expected, "{moved} in {ms}");
    }
}

#[test]
fn keys_move_as_the_eye_does() {
    // Four in a row: 0 to 3, 4 to 7, 8 and 9.
    let from = |key: &str, index| moved(key, index, 10, 4, 2);
    for (key, index, expected) in [
        ("ArrowRight", 0, Some(1)),
        ("ArrowRight", 3, Some(4)),
        ("ArrowRight", 9, None),
        ("ArrowLeft", 4, Some(3)),
        ("ArrowLeft", 0, None),
        ("ArrowUp", 5, Some(1)),
        ("ArrowUp", 2, None),
        ("ArrowDown", 1, Some(5)),
        ("ArrowDown", 5, Some(9)),
        ("ArrowDown", 7, Some(9)),
        ("ArrowDown", 8, None),
        ("PageDown", 1, Some(9)),
        ("PageDown", 3, Some(9)),
        ("PageDown", 9, None),
        ("PageUp", 9, Some(1)),
        ("PageUp", 6, Some(2)),
        ("PageUp", 2, None),
        ("Home", 6, Some(0)),
        ("End", 6, Some(9)),
        ("Enter", 6, None),
    ] {
        assert_eq!(from(key, index), expected, "{key} from {index}");
    }
    assert_eq!(moved("End", 0, 0, 4, 2), None);
    assert_eq!(moved("ArrowDown", 0, 3, 0, 0), Some(1));
}

#[test]
fn a_page_is_as_many_rows_as_are_seen() {
    assert_eq!((wide().rows_in(800), wide().rows_in(10)), (3, 1));
}
