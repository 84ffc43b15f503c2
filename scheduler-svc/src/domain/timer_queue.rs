//! The timers that a replica holds in memory: the near ones by their time, the overdue ones in a line of their own, so that
//! a backlog never delays what is on time. Pure; whoever uses it brings the clock.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use mesh_types::Timestamp;
use uuid::Uuid;

use super::Timer;

/// Held timers. A timer that was replaced by one of another generation is dropped when its turn comes.
#[derive(Debug, Default)]
pub struct TimerQueue {
    near: BinaryHeap<Reverse<(Timestamp, Uuid, i64)>>,
    overdue: VecDeque<Timer>,
    /// The generation that is held of each reminder.
    held: HashMap<Uuid, i64>,
}

impl TimerQueue {
    /// Holds a timer that is to fire at its time. One that is held already stays where it is.
    pub fn hold(&mut self, timer: Timer) {
        if self.note(timer) {
            self.near.push(Reverse((timer.due, timer.reminder_id, timer.generation)));
        }
    }

    /// Holds a timer whose time has passed while nobody was there.
    pub fn hold_overdue(&mut self, timer: Timer) {
        if self.note(timer) {
            self.overdue.push_back(timer);
        }
    }

    /// When the next timer is due; overdue ones not counted.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.near.peek().map(|Reverse((due, ..))| *due)
    }

    /// Takes out up to `limit` timers that are due.
    pub fn take_due(&mut self, now: Timestamp, limit: usize) -> Vec<Timer> {
        let mut due = Vec::new();
        while due.len() < limit {
            match self.near.peek() {
                Some(Reverse((time, ..))) if *time <= now => {}
                _ => break,
            }
            let Some(Reverse((time, reminder_id, generation))) = self.near.pop() else { break };
            let timer = Timer { reminder_id, generation, due: time };
            due.extend(self.release(timer));
        }
        due
    }

    /// Takes out up to `limit` overdue timers, in the order in which they came.
    pub fn take_overdue(&mut self, limit: usize) -> Vec<Timer> {
        let mut overdue = Vec::new();
        while overdue.len() < limit
            && let Some(timer) = self.overdue.pop_front()
        {
            overdue.extend(self.release(timer));
        }
        overdue
    }

    /// How many timers it holds.
    pub fn len(&self) -> usize {
        self.near.len() + self.overdue.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of them are overdue.
    pub fn overdue(&self) -> usize {
        self.overdue.len()
    }

    /// Forgets all of them: they are not this replica's any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether it was not held yet, and newer than what was.
    fn note(&mut self, timer: Timer) -> bool {
        match self.held.get(&timer.reminder_id) {
            Some(held) if *held >= timer.generation => false,
            _ => {
                self.held.insert(timer.reminder_id, timer.generation);
                true
            }
        }
    }

    /// The timer, unless another took its place.
    fn release(&mut self, timer: Timer) -> Option<Timer> {
        if self.held.get(&timer.reminder_id) != Some(&timer.generation) {
            return None;
        }
        self.held.remove(&timer.reminder_id);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(reminder: u128, generation: i64, due: i64) -> Timer {
        Timer { reminder_id: Uuid::from_u128(reminder), generation, due: Timestamp::from_micros(due) }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn timers_come_out_in_the_order_of_their_time() {
        let mut queue = TimerQueue::default();
        for (reminder, due) in [(1, 30), (2, 10), (3, 20)] {
            queue.hold(timer(reminder, 1, due));
        }
        assert_eq!(queue.next_due(), Some(at(10)));
        assert_eq!(queue.take_due(at(20), 9), [timer(2, 1, 10), timer(3, 1, 20)]);
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn a_newer_generation_replaces_an_older_one() {
        let mut queue = TimerQueue::default();
        queue.hold(timer(1, 1, 10));
        queue.hold(timer(1, 2, 50));
        queue.hold(timer(1, 1, 10));
        assert_eq!(queue.take_due(at(20), 9), []);
        assert_eq!(queue.take_due(at(50), 9), [timer(1, 2, 50)]);
    }

    #[test]
    fn a_timer_that_is_held_is_not_held_twice() {
        let mut queue = TimerQueue::default();
        queue.hold_overdue(timer(1, 1, 10));
        queue.hold(timer(1, 1, 10));
        assert_eq!((queue.take_due(at(20), 9), queue.take_overdue(9)), (vec![], vec![timer(1, 1, 10)]));
        queue.hold(timer(1, 1, 10));
        assert_eq!(queue.take_due(at(20), 9).len(), 1, "it may come back after it was taken out");
    }

    #[test]
    fn no_more_come_out_than_were_asked_for() {
        let mut queue = TimerQueue::default();
        (0..5).for_each(|reminder| queue.hold(timer(reminder, 1, 10)));
        assert_eq!((queue.take_due(at(10), 2).len(), queue.take_due(at(10), 9).len()), (2, 3));
    }
}
