//! Putting short lists in order.
//!
//! Owns: the one way that the pages sort. The standard library's is made for long lists, and every use of it brings four
//! kilobytes along, which a customer waits for. What is sorted here is as long as a conversation, and mostly in order already.

/// The items in order; those of which none comes before the other stay as they were.
pub fn sorted<T>(items: impl IntoIterator<Item = T>, comes_before: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut ordered = Vec::new();
    for item in items {
        let place = ordered.partition_point(|kept| !comes_before(&item, kept));
        ordered.insert(place, item);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::sorted;

    #[test]
    fn items_are_put_in_order_and_equal_ones_stay() {
        let rows = [(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd'), (1, 'e')];
        let ordered = sorted(rows, |one, other| one.0 < other.0);
        assert_eq!(ordered, [(1, 'b'), (1, 'e'), (2, 'd'), (3, 'a'), (3, 'c')]);
        assert_eq!(sorted(Vec::<u8>::new(), |one, other| one < other), Vec::<u8>::new());
    }
}
