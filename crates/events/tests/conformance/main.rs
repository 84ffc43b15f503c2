//! What an event bus does, whichever it is: every test of the suite runs on the embedded log and on JetStream. What only
//! one of them can get into is in `embedded_only` and `jetstream_only`.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test whose world cannot be made has failed")]

mod capacity;
mod delivery;
mod durability;
mod embedded_only;
mod failures;
mod harness;
mod jetstream_only;
mod signals;
mod tails;

/// Runs every test of the suite on both buses. `plain` shares a server with others, `own` has one that it may kill,
/// `small` has room for little.
macro_rules! suite {
    ($($module:ident :: $test:ident ($needs:ident);)*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let harness = crate::harness::Harness::embedded(crate::harness::Needs::$needs).await;
                crate::harness::in_time(crate::$module::$test(harness)).await;
            })*
        }

        mod jetstream {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let harness = crate::harness::Harness::jetstream(crate::harness::Needs::$needs).await;
                crate::harness::in_time(crate::$module::$test(harness)).await;
            })*
        }
    };
}

suite! {
    durability::what_was_published_survives_a_kill(Own);
    durability::a_durable_goes_on_where_it_was_after_a_restart(Plain);
    durability::an_id_that_is_published_twice_is_stored_once(Plain);
    durability::what_comes_before_a_refused_event_is_published(Plain);
    durability::a_wiped_stream_has_another_identity_and_takes_everything_again(Own);
    durability::a_stream_that_came_back_without_its_newest_events_tells(Own);
    delivery::events_of_an_aggregate_come_in_order(Plain);
    delivery::two_consumers_share_the_events_of_a_durable(Plain);
    delivery::two_durables_are_both_told_everything(Plain);
    delivery::a_durable_is_told_of_its_entities_only(Plain);
    delivery::a_durable_that_asks_for_more_is_told_of_what_comes_after(Plain);
    delivery::what_waits_for_a_durable_is_counted(Plain);
    delivery::ten_thousand_events_pass(Plain);
    delivery::many_publishers_at_once_lose_nothing(Plain);
    failures::an_event_whose_handler_crashed_comes_again(Plain);
    failures::a_paused_consumer_is_told_everything_once_it_can_go_on(Plain);
    failures::what_is_no_event_is_delivered_as_foreign_among_good_ones(Plain);
    tails::a_tail_goes_on_after_a_position(Plain);
    tails::a_tail_from_now_shows_only_what_is_new(Plain);
    tails::a_tail_of_the_last_events_shows_them_and_goes_on(Plain);
    tails::a_tail_after_the_head_misses_nothing(Plain);
    tails::a_tail_shows_its_entities_only(Plain);
    tails::a_position_that_cannot_be_gone_on_from_is_gone(Plain);
    tails::a_position_that_was_purged_is_gone(Small);
    capacity::a_full_bus_takes_no_more_until_consumers_catch_up(Small);
    signals::signals_reach_those_who_listen_to_their_topic(Plain);
}
