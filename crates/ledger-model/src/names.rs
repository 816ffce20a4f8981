//! What things are called in the model. The database has UUIDs for them; which belongs to which the program remembers.
//!
//! Owns: one type for each. Names that are given on the way come from the operation that gave them, so that they stay the
//! same when other operations are left out.

/// A customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(pub u32);

/// A conversation of some customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(pub u32);

/// A request; two customers may use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// The operation of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationNumber(pub u32);

/// A session: the one that this operation granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub OperationNumber);

/// A lease: the n-th that this operation gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub OperationNumber, pub u32);

/// A picture of the books: they are numbered in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId(pub usize);

/// A picture as an operation names it: by its request and its place in the batch. There may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PictureName {
    /// Whose request.
    pub customer: CustomerId,
    /// Which.
    pub request: RequestId,
    /// The place in its batch, from 0.
    pub batch_index: u32,
}
