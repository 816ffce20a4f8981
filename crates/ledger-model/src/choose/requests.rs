//! Choosing what is asked for, and what becomes of it.
//!
//! Owns: requests, new and repeated, with their contents; and their ends, by the right worker and by others.

use ledger_model::Ledger;
use ledger_model::generation::{Contents, Prompt};
use ledger_model::names::{ConversationId, CustomerId, PictureName, RequestId};
use ledger_model::operation::{LeaseClaim, Operation, Reserve, Settle};

use super::Chooser;

impl Chooser {
    /// A request of a customer: a new one, or one that was made before, with its own contents or with others.
    pub(super) fn reserve(&mut self, ledger: &Ledger, customer: CustomerId) -> Operation {
        let again = self.chance.percent(30);
        if again {
            let (maker, request) = self.request(ledger);
            if let Some(contents) = contents_of(ledger, maker, request) {
                return self.repeat(ledger, maker, request, contents);
            }
        }
        self.next_request += 1;
        let shared = self.chance.percent(3);
        let request = if shared { self.request(ledger).1 } else { RequestId(self.next_request) };
        let contents = self.contents(ledger, customer);
        Operation::Reserve(Reserve {
            customer,
            request,
            contents,
            respond_async: self.chance.percent(45),
            engines: self.engines(),
        })
    }

    fn repeat(
        &mut self,
        ledger: &Ledger,
        customer: CustomerId,
        request: RequestId,
        mut contents: Contents,
    ) -> Operation {
        match self.chance.below(100) {
            0..8 => contents.prompt = Prompt::Plain(self.chance.below(3)),
            8..12 => contents.batch_count = 1 + self.chance.below(4),
            12..15 => contents.session = self.session(ledger, customer),
            15..17 => contents.conversation = self.conversation(ledger, customer),
            17..19 => contents.seed = Some(i64::from(self.chance.below(5))),
            _ => {}
        }
        Operation::Reserve(Reserve {
            customer,
            request,
            contents,
            respond_async: self.chance.percent(50),
            engines: self.engines(),
        })
    }

    fn contents(&mut self, ledger: &Ledger, customer: CustomerId) -> Contents {
        let prompt = match self.chance.below(100) {
            0..3 => Prompt::Refused,
            3 => Prompt::Unprintable,
            _ => Prompt::Plain(self.chance.below(3)),
        };
        let seed = match self.chance.below(100) {
            0..15 => Some(i64::from(self.chance.below(1_000))),
            15..20 => Some(i64::from(u32::MAX) - i64::from(self.chance.below(3))),
            20 => self.chance.one_of(&[-1, i64::from(u32::MAX) + 1]),
            _ => None,
        };
        let batch_count = if self.chance.percent(1) {
            self.chance.one_of(&[0, 5])
        } else {
            self.chance.one_of(&[1, 1, 1, 1, 2, 2, 3, 4])
        };
        Contents {
            session: self.session(ledger, customer),
            conversation: self.conversation(ledger, customer),
            prompt,
            seed,
            batch_count: batch_count.unwrap_or(1),
        }
    }

    /// None, most often; else one of the customer's own, and now and then another's or one that is none.
    fn conversation(&mut self, ledger: &Ledger, customer: CustomerId) -> Option<ConversationId> {
        let each = ledger.world.conversations_each;
        let own = customer.0 * each + self.chance.below(each);
        let any = self.chance.below(ledger.world.customers * each + 1);
        match self.chance.below(100) {
            0..25 => Some(ConversationId(own)),
            25..28 => Some(ConversationId(any)),
            _ => None,
        }
    }

    /// The end of a request with pictures: all of them, some, none, those of others.
    pub(super) fn complete(&mut self, ledger: &Ledger) -> Operation {
        let mut settle = self.settle(ledger);
        let part = match settle.lease {
            Some(LeaseClaim::Given(lease)) => Some(lease),
            _ => None,
        };
        for id in ledger.books.request(settle.customer, settle.request) {
            let under_lease = part.is_none() || ledger.books.generation(*id).state.lease() == part;
            if under_lease && self.chance.percent(80) || self.chance.percent(12) {
                settle.made.push(ledger.name_of(*id));
            }
        }
        if self.chance.percent(5) {
            let (customer, request) = self.request(ledger);
            settle.made.push(PictureName { customer, request, batch_index: self.chance.below(4) });
        }
        settle.misplaced = self.chance.percent(1);
        Operation::Complete(settle)
    }

    /// The end of a request with nothing.
    pub(super) fn fail(&mut self, ledger: &Ledger) -> Operation {
        Operation::Fail(self.settle(ledger))
    }

    fn settle(&mut self, ledger: &Ledger) -> Settle {
        let running: Vec<_> = ledger.books.open().filter(|(_, row)| row.state.lease().is_some()).collect();
        let target = self.chance.one_of(&running).filter(|_| self.chance.percent(70));
        let (customer, request, own_lease) = match target {
            Some((_, row)) => (row.customer, row.request, row.state.lease()),
            None => {
                let (customer, request) = self.request(ledger);
                (customer, request, None)
            }
        };
        // Whoever drew for a customer who waits names no lease; whoever drew for the queue does.
        let lease = match self.chance.below(100) {
            0..60 => own_lease.map(LeaseClaim::Given),
            60..85 => None,
            _ => Some(self.lease(ledger)),
        };
        let made = Vec::new();
        let failure = self.failure();
        let engine = usize::try_from(self.chance.below(4)).unwrap_or(0);
        // Pictures of one moment took equally long, so that it does not matter which of them are the newest.
        let generation_time_ms = u32::try_from(200 + ledger.now.0.rem_euclid(9_001)).unwrap_or(200);
        Settle { customer, request, made, generation_time_ms, engine, misplaced: false, failure, lease }
    }
}

/// The contents of a request that was held.
fn contents_of(ledger: &Ledger, customer: CustomerId, request: RequestId) -> Option<Contents> {
    let first = ledger.books.request(customer, request).first()?;
    Some(ledger.books.generation(*first).contents.clone())
}
