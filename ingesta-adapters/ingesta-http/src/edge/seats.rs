//! `Seats`: how many connections are open, in all and from each address.
//!
//! Promises: a seat is given back when its guard is dropped, however its connection ended; what is
//! kept grows with the open connections and not with the addresses that were ever seen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The seats of one accept loop.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    taken: Arc<Mutex<Taken>>,
    total: usize,
    per_address: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A taken seat.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    address: IpAddr,
}

impl Seats {
    pub(super) fn new(total: usize, per_address: usize) -> Self {
        Self {
            taken: Arc::default(),
            total,
            per_address,
        }
    }

    /// A seat for a connection from this address, if there is one.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all >= self.total || here >= self.per_address {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, here + 1);
        Some(Seat {
            seats: self.clone(),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let taken = self.seats.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_its_guard_is_gone_and_nobody_is_remembered() {
        let seats = Seats::new(3, 2);
        let (one, other) = ([127, 0, 0, 1].into(), [10, 0, 0, 1].into());
        let first = seats.take(one).expect("the first");
        let _second = seats.take(one).expect("the second");
        assert!(seats.take(one).is_none(), "two from one address");
        let third = seats.take(other).expect("another address");
        assert!(seats.take(other).is_none(), "three in all");
        drop(first);
        let _fourth = seats.take(one).expect("a free one");
        drop(third);
        assert_eq!(seats.taken.lock().expect("whole").by_address.len(), 1);
    }

    #[test]
    fn an_address_is_one_in_either_spelling() {
        let seats = Seats::new(3, 1);
        let _first = seats.take([127, 0, 0, 1].into()).expect("the first");
        let mapped: IpAddr = "::ffff:127.0.0.1".parse().expect("an address");
        assert!(seats.take(mapped).is_none());
    }
}
