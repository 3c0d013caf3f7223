//! The programs about what processes share, and how they agree.

use super::Program;

mod agreeing;
mod blocks;
mod dying;
mod dying_holders;
mod killed_at_queue;
mod managed;
mod meeting;
mod payload;
mod pipes;
mod queue_rules;
mod queues;
mod rules;
mod sharing;

/// All of them, in the order of the screen.
pub(super) static ALL: &[&Program] = &[
    &pipes::PING_PONG,
    &pipes::BOTH_SEND_FIRST,
    &queues::QUEUE_SQUARES,
    &queues::PRODUCERS_CONSUMERS,
    &queues::QUEUE_LOGGING,
    &queues::TASK_DONE,
    &queues::JOIN_BEFORE_DRAIN,
    &pipes::TWO_WRITERS,
    &pipes::PIPE_RULES,
    &queue_rules::QUEUE_RULES,
    &killed_at_queue::EMPTY_AFTER_PUT,
    &killed_at_queue::KILLED_AT_A_QUEUE,
    &sharing::LOST_UPDATES,
    &sharing::SHARED_ARRAY,
    &sharing::VALUE_TYPES,
    &agreeing::SEMAPHORE,
    &meeting::STARTING_GUN,
    &meeting::BARRIER_PHASES,
    &meeting::BOUNDED_BUFFER,
    &agreeing::TWO_LOCKS,
    &managed::MANAGER_DICT,
    &managed::MANAGER_RULES,
    &dying::DEAD_OWNER,
    &dying_holders::DEAD_HOLDER,
    &dying_holders::DEAD_HEIR,
    &dying::DEAD_WAITER,
    &dying::DEAD_PARTY,
    &agreeing::LOCK_RULES,
    &rules::EVENT_RULES,
    &rules::CONDITION_RULES,
    &rules::BARRIER_RULES,
    &payload::PICKLING_TAX,
    &blocks::SHARED_MEMORY_RULES,
];
