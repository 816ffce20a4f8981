//! Purchases that go well, that go wrong at each step, and whose events come late.

use super::*;
use domain::code::Code;

fn granted() -> Event {
    Event::Granted { session: "s".to_owned() }
}

fn paid() -> Buying {
    Buying::Paid { session: "s".to_owned() }
}

fn after(events: &[Event]) -> Buying {
    events.iter().cloned().fold(Buying::Choosing, Buying::after)
}

#[test]
fn a_purchase_goes_from_the_plan_to_the_session() {
    use Event::{Chose, Closed, Found, Opened, Ordered, Pending, Refused, Resumed, Returned};
    let failed = Failure::Answered(Code::PaymentFailed);
    for (events, expected) in [
        (vec![Ordered], Buying::Ordering),
        (vec![Ordered, Opened], Buying::Paying),
        (vec![Ordered, Opened, Returned], Buying::Confirming { tries: 0 }),
        // Nothing to pay at the provider's.
        (vec![Ordered, Returned], Buying::Confirming { tries: 0 }),
        (vec![Ordered, Opened, Returned, Pending, Pending], Buying::Confirming { tries: 2 }),
        (vec![Ordered, Opened, Returned, Pending, granted()], paid()),
        (vec![Ordered, Opened, Closed], Buying::Left),
        (vec![Ordered, Opened, Closed, Ordered], Buying::Ordering),
        (vec![Ordered, Opened, Closed, Chose], Buying::Choosing),
        // Closed, and paid in another window all the same.
        (vec![Ordered, Opened, Closed, granted()], paid()),
        (vec![Ordered, Refused(failed)], Buying::Failed(failed)),
        (vec![Ordered, Opened, Returned, Refused(failed), Ordered], Buying::Ordering),
        (vec![Ordered, Opened, Returned, granted(), Refused(failed)], paid()),
        (vec![Ordered, granted(), Ordered], Buying::Ordering),
        (vec![Resumed], Buying::Confirming { tries: 0 }),
        (vec![Found], Buying::Unfinished),
        (vec![Found, Ordered], Buying::Ordering),
        (vec![Found, granted()], paid()),
        // The same event twice, and events that fit nowhere.
        (vec![Ordered, Ordered, Opened, Opened], Buying::Paying),
        (vec![Pending, Returned, Closed, Opened], Buying::Choosing),
        (vec![Ordered, Chose, Found, Resumed], Buying::Ordering),
    ] {
        assert_eq!(after(&events), expected, "{events:?}");
    }
}

#[test]
fn only_an_open_purchase_is_busy() {
    let busy = [
        Buying::Choosing,
        Buying::Ordering,
        Buying::Paying,
        Buying::Confirming { tries: 9 },
        paid(),
        Buying::Failed(Failure::NoAnswer),
        Buying::Left,
        Buying::Unfinished,
    ]
    .map(|buying| (buying.is_busy(), buying.key()));
    assert_eq!(
        busy,
        [
            (false, None),
            (true, Some("purchase.ordering")),
            (true, Some("purchase.paying")),
            (true, Some("purchase.confirming_long")),
            (false, None),
            (false, Some("purchase.no_answer")),
            (false, Some("purchase.left")),
            (false, Some("purchase.unfinished")),
        ]
    );
}

#[test]
fn asking_again_slows_down_and_ends() {
    assert_eq!(asks_again_after_ms(0), Some(1_000));
    assert_eq!(asks_again_after_ms(9), Some(3_000));
    assert_eq!(asks_again_after_ms(69), Some(15_000));
    assert_eq!(asks_again_after_ms(70), None);
    let in_all: u32 = (0..70).filter_map(asks_again_after_ms).sum();
    assert!((900_000..1_000_000).contains(&in_all), "{in_all}");
}

#[test]
fn what_is_kept_is_read_back() {
    let kept = Kept {
        customer_id: "c".to_owned(),
        request_id: "r".to_owned(),
        plan_id: "flash-lite".to_owned(),
        hours: 4,
        extends: Some("s".to_owned()),
        purchase_id: None,
        proof: None,
    };
    let proof = Some(["o", "p", "s"].map(str::to_owned));
    for kept in [Kept { extends: None, purchase_id: Some("p-1".to_owned()), proof, ..kept.clone() }, kept] {
        assert_eq!(Kept::from_text(&kept.to_text()), Some(kept.clone()));
        assert!(kept.is_for("c", "flash-lite", 4, kept.extends.as_deref()));
        assert!(!kept.is_for("c", "flash-lite", 3, kept.extends.as_deref()));
        assert!(!kept.is_for("c", "flash-lite", 4, Some("other")));
        assert!(!kept.is_for("d", "flash-lite", 4, kept.extends.as_deref()), "somebody else's");
    }
    for text in [
        "",
        "1;c;r;flash;2;;;;;",
        "2;c;r;flash;2;;;;",
        "2;;r;flash;2;;;;;",
        "2;c;;flash;2;;;;;",
        "2;c;r;;2;;;;;",
        "2;c;r;flash;5;;;;;",
        "2;c;r;flash;2;;;;;;",
    ] {
        assert_eq!(Kept::from_text(text), None, "{text}");
    }
    let half_proven = Kept::from_text("2;c;r;flash;2;;0a-b;o;;s");
    assert_eq!(half_proven.as_ref().map(|kept| (kept.reference(), kept.proof.is_some())), Some(("0a", false)));
}
