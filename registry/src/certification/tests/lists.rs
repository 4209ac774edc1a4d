//! What is in somebody's list of applications is what the table of permissions lets them read.

use serde_json::json;

use super::{Desk, last};
use crate::certification::ids::{ApplicationId, AssignmentId};
use crate::certification::store::applications;
use crate::platform::accounts::store::{self as accounts, Account, NewMember};
use crate::platform::authorisation::{Action, Actor, Membership, Refused, Role, Task};
use crate::platform::clock::Clock as _;
use crate::platform::db::Tx;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::id::{AccountId, MembershipId, PartyId, SessionId};

on_both_engines!(an_application_is_in_the_lists_of_those_who_may_read_it_and_in_no_other);

/// How far something got that is offered, accepted and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Offered,
    Accepted,
    Ended,
}

const STAGES: [Stage; 3] = [Stage::Offered, Stage::Accepted, Stage::Ended];

/// Somebody with one role in one party and one task on the application.
#[derive(Debug)]
struct Somebody<'a> {
    role: Role,
    party: &'a PartyId,
    member: Stage,
    task: Task,
    assigned: Stage,
}

impl Somebody<'_> {
    /// Signs up, is given the role and then the task; gives the person as the routes know one, and the task's id.
    async fn comes(
        &self,
        desk: &Desk,
        tx: &mut Tx,
        application: &ApplicationId,
    ) -> (Actor, AssignmentId) {
        let (now, rng) = (desk.clock.now(), &*desk.app.rng);
        let ms = now.as_millisecond();
        let id = AccountId::new(now, rng);
        let account = Account {
            email_norm: format!("{id}@example.com"),
            id: id.clone(),
            name: "Somebody".into(),
            locale: "en".into(),
            version: 1,
        };
        accounts::insert(tx, &account, "", ms).await.expect("signs up");
        let membership = MembershipId::new(now, rng);
        let accepted = self.member != Stage::Offered;
        let member = NewMember {
            id: &membership,
            account: &id,
            party: self.party,
            role: self.role,
            accepted,
        };
        accounts::add_member(tx, &member, ms).await.expect("is a member");
        if self.member == Stage::Ended {
            accounts::end_member(tx, self.party, &membership, &id, ms).await.expect("ends");
        }
        let task = AssignmentId::new(now, rng);
        applications::assign(tx, &task, application, &id, self.task, &id, now)
            .await
            .expect("assigns");
        if self.assigned != Stage::Offered {
            let accept = applications::accept_assignment(tx, &task, application, &id, now);
            accept.await.expect("accepts");
        }
        if self.assigned == Stage::Ended {
            applications::end_assignment(tx, &task, application, now).await.expect("ends");
        }
        let in_force = (self.member == Stage::Accepted)
            .then(|| Membership { party: self.party.clone(), role: self.role });
        let actor = Actor {
            account: id,
            session: SessionId::new(now, rng),
            memberships: in_force.into_iter().collect(),
            refused: Refused::default(),
        };
        (actor, task)
    }
}

async fn an_application_is_in_the_lists_of_those_who_may_read_it_and_in_no_other(
    scratch: &Scratch,
) {
    let desk = Desk::open(scratch).await;
    let path = desk.apply().await;
    let id: ApplicationId = serde_json::from_value(json!(last(&path))).expect("an id");
    let (_, company, body) = desk.parties_of_an_application().await;
    let now = desk.clock.now();
    let mut tx = desk.app.db.write().await.expect("a transaction");
    let application = applications::get(&mut tx, &id).await.expect("reads").expect("it is there");
    let (mut readers, mut others) = (0, 0);
    for &task in Task::ALL {
        for &role in Role::ALL {
            for party in [&company, &body] {
                for (member, assigned) in
                    STAGES.into_iter().flat_map(|member| STAGES.map(|assigned| (member, assigned)))
                {
                    let somebody = Somebody { role, party, member, task, assigned };
                    let (actor, task) = somebody.comes(&desk, &mut tx, &id).await;
                    let subject =
                        applications::subject(&mut tx, &application).await.expect("reads");
                    let may =
                        actor.authorise(Action::ReadApplication, &subject, "application").is_ok();
                    let list = applications::of_account(&mut tx, &actor.account, "", 2).await;
                    assert_eq!(list.expect("reads").len(), usize::from(may), "{somebody:?}");
                    *(if may { &mut readers } else { &mut others }) += 1;
                    // An application has one lead at a time.
                    applications::end_assignment(&mut tx, &task, &id, now).await.expect("ends");
                }
            }
        }
    }
    // In a role in force: with each task its own, offered or accepted; whatever the task, the applicant and two of the body.
    assert_eq!((readers, others), (4 * 2 + 4 * 3 * 3, 4 * 9 * 2 * 9 - 4 * 2 - 4 * 3 * 3));
}
