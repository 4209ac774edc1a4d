use jiff::civil::date;

use super::letter::{self, Letter};
use super::post::Post;
use super::*;
use crate::platform::accounts::rules::Locale;
use crate::platform::accounts::store as accounts_store;
use crate::platform::db::scratch::{Scratch, on_both_engines};
use crate::platform::id::MailId;
use crate::platform::pages::View;
use crate::platform::scratch::app as scratch_app;

on_both_engines!(
    nobody_is_told_the_same_twice,
    what_waits_is_sent_once_and_a_folder_has_one_file,
    what_was_claimed_and_not_sent_is_sent_again,
    one_reads_one_s_own_mail_and_nobody_else_s,
);

/// A mail about a certificate of a fictional company.
fn mail(kind: Kind, locale: Locale) -> Mail {
    let facts = Facts {
        number: Some("AK7Q2M9".to_owned()),
        day: Some(date(2027, 11, 30)),
        role: Some(Role::Applicant),
        task: Some(Task::Lead),
    };
    Mail {
        id: serde_json::from_str("\"0193a000-0000-7000-8000-000000000001\"").expect("an id"),
        kind,
        path: "/desk/applications/1".to_owned(),
        party: "例示製作所株式会社".to_owned(),
        facts: JsonText(facts),
        created_at: 1_795_590_000_000,
        attempts: 1,
        email: "hana@people.example".to_owned(),
        name: "Hana\r\nBcc: all@people.example".to_owned(),
        locale,
    }
}

fn view(locale: Locale) -> View {
    View::chosen_in(locale, letter::DESK_MAIL)
}

#[test]
fn a_letter_says_what_it_is_about_in_each_language() {
    let said = |locale| Letter::of(&view(locale), &mail(Kind::Expiring, locale));
    let english = said(Locale::En);
    assert_eq!(english.subject, "The certificate AK7Q2M9 expires on 30 November 2027");
    assert_eq!(
        english.body,
        "The certificate AK7Q2M9 of 例示製作所株式会社 expires at the end of 30 November 2027. \
         To keep it, apply for its renewal in good time."
    );
    assert_eq!(said(Locale::Ja).subject, "証明書 AK7Q2M9 は2027年11月30日に有効期限を迎えます");
    for kind in Kind::ALL {
        for locale in Locale::ALL {
            let letter = Letter::of(&view(*locale), &mail(*kind, *locale));
            for text in [&letter.subject, &letter.body] {
                assert!(!text.starts_with("mail-") && !text.contains('{'), "{kind}: {text}");
            }
        }
    }
}

#[test]
fn a_mail_is_text_and_html_with_a_message_id_of_its_own_and_the_same_when_made_again() {
    let origin = "https://registry.example".parse().expect("an origin");
    let from = "Akashi <registry@registry.example>".parse().expect("a sender");
    let made = || {
        let mail = mail(Kind::Returned, Locale::Ja);
        letter::message(&origin, &from, &mail).expect("a mail").formatted()
    };
    let text = String::from_utf8(made()).expect("ASCII");
    assert!(text.is_ascii());
    assert_eq!(made(), text.as_bytes(), "nothing of it is of the moment");
    for line in [
        "Message-ID: <0193a000-0000-7000-8000-000000000001@registry.example>\r\n",
        "To: hana@people.example\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("\r\nBcc:"), "a name makes no header");
}

/// An account, which is told of findings twice.
async fn told(scratch: &Scratch) -> (App, AccountId) {
    let app = scratch_app(scratch.db().clone(), std::sync::Arc::default(), 1);
    let id = AccountId::new(app.clock.now(), &*app.rng);
    let account = accounts_store::Account {
        id: id.clone(),
        email_norm: "hana@people.example".to_owned(),
        name: "Hana".to_owned(),
        locale: Locale::En.to_string(),
        version: 1,
    };
    let mut tx = app.db.write().await.expect("a transaction");
    accounts_store::insert(&mut tx, &account, "", 1).await.expect("an account");
    for _ in 0..2 {
        tell(&mut tx, &app, std::slice::from_ref(&id), &findings("1")).await.expect("told");
    }
    tx.commit().await.expect("a commit");
    (app, id)
}

fn findings(about: &str) -> News<'static> {
    News {
        kind: Kind::FindingsIssued,
        about: about.to_owned(),
        path: "/desk/applications/1".to_owned(),
        party: None,
        facts: Facts::default(),
    }
}

async fn own(app: &App, account: &AccountId) -> Vec<Mail> {
    let mut db = app.db.reader().acquire().await.expect("a connection");
    of_account(&mut db, account, None).await.expect("mail")
}

async fn nobody_is_told_the_same_twice(scratch: &Scratch) {
    let (app, account) = told(scratch).await;
    assert_eq!(own(&app, &account).await.len(), 1);
    let mut tx = app.db.write().await.expect("a transaction");
    tell(&mut tx, &app, std::slice::from_ref(&account), &findings("2")).await.expect("told");
    tx.commit().await.expect("a commit");
    assert_eq!(own(&app, &account).await.len(), 2, "another occurrence is told");
}

fn post_into(folder: &std::path::Path) -> Post {
    Post::into_folder(folder, "akashi@registry.example".parse().expect("a sender"))
        .expect("a folder")
}

fn files(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

async fn what_waits_is_sent_once_and_a_folder_has_one_file(scratch: &Scratch) {
    let (app, account) = told(scratch).await;
    let folder = tempfile::tempdir().expect("a folder");
    let post = post_into(folder.path());
    assert!(post::next(&app, &post).await.expect("sent"));
    assert!(!post::next(&app, &post).await.expect("nothing more"));
    let id = &own(&app, &account).await[0].id;
    assert_eq!(files(folder.path()), [format!("{id}.eml")]);
    let mut db = app.db.reader().acquire().await.expect("a connection");
    let counts = counts(&mut db).await.expect("counts");
    assert_eq!((counts.waiting, counts.sent, counts.failed), (0, 1, 0));
}

async fn what_was_claimed_and_not_sent_is_sent_again(scratch: &Scratch) {
    let (app, _) = told(scratch).await;
    let now = app.clock.now_ms();
    let first = store::claim(&app.db, now).await.expect("a claim").expect("a mail");
    assert!(store::claim(&app.db, now + 60_000).await.expect("a look").is_none(), "it is claimed");
    let again = store::claim(&app.db, now + 10 * 60_000).await.expect("a claim").expect("a mail");
    assert_eq!((&again.id, again.attempts), (&first.id, 2));
}

async fn one_reads_one_s_own_mail_and_nobody_else_s(scratch: &Scratch) {
    let (app, account) = told(scratch).await;
    let id: MailId = own(&app, &account).await[0].id.clone();
    let stranger = AccountId::new(app.clock.now(), &*app.rng);
    let mut db = app.db.reader().acquire().await.expect("a connection");
    assert!(get(&mut db, &account, &id).await.expect("a look").is_some());
    assert!(get(&mut db, &stranger, &id).await.expect("a look").is_none());
    assert!(of_account(&mut db, &stranger, None).await.expect("a look").is_empty());
}
