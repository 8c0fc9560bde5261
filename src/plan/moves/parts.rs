//! Parts of a store that is homed with its users, as they were and as they are, to moves.

use crate::model::plan::{Because, Effect, Move};
use crate::plan::words;

use super::{One, copied, gone, once, steps, without};

/// The voters and the leader of each part that was there before and is there now.
pub(super) fn moves(one: &One<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for (name, new) in &one.new.shards {
        let Some(old) = one.old.shards.get(name) else {
            continue;
        };
        let part = format!("{}, part {name}", one.question.key);
        let objective = Effect {
            of: "weighted latency of its users".to_owned(),
            before_ns: None,
            after_ns: new.objective_ns,
        };
        let was: Vec<&str> = old.voters.iter().map(String::as_str).collect();
        let is: Vec<&str> = new.voters.iter().map(|v| v.as_str()).collect();
        let (go, come) = (without(&was, &is), without(&is, &was));
        let mut because = Because::default();
        for name in once(&go) {
            because.0.extend(gone(one.ground, one.placed, name));
        }
        because.0.extend(new.because.0.iter().take(2).cloned());
        if !go.is_empty() || !come.is_empty() {
            moves.push(Move {
                what: format!("voters of {part}"),
                from: words::list(was.iter().copied()),
                to: words::list(is.iter().copied()),
                moves_data: true,
                objective: Some(objective.clone()),
                data: come
                    .iter()
                    .map(|name| copied(one.placed, one.declared, name))
                    .collect(),
                steps: one.voting(&go, &come),
                reads: steps::READS_OF_VOTERS.to_owned(),
                writes: steps::WRITES_OF_VOTERS.to_owned(),
                because: because.clone(),
                ..Move::default()
            });
        }
        let leader = new.leader.as_ref().map(|l| l.as_str());
        if let (Some(was), Some(is)) = (old.leader.as_deref(), leader)
            && was != is
        {
            let switch = steps::leader(one.declared, was, is, one.ground.index(was).is_some());
            moves.push(Move {
                what: format!("leader of {part}"),
                from: was.to_owned(),
                to: is.to_owned(),
                moves_data: true,
                objective: Some(objective),
                steps: switch.steps,
                reads: steps::READS_OF_LEADER.to_owned(),
                writes: switch.writes.to_owned(),
                because,
                ..Move::default()
            });
        }
    }
    moves
}
