//! What `akashi serve` makes at its first start, and what it finds at each later one.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use akashi_tests::{
    Body, Client, Company, Engine, PASSWORD, Registry, Sides, Unstarted, akashi, eventually,
    on_both_engines,
};
use serde_json::json;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn nobody_else_on_the_machine_enters_the_folder(engine: Engine) {
    let registry = Registry::start(engine).await;
    for folder in ["", "evidence", "offline-root"] {
        assert_eq!(mode(&registry.data_folder().join(folder)), "700", "the folder {folder}");
    }
}

async fn nobody_else_on_the_machine_reads_a_key(engine: Engine) {
    let registry = Registry::start(engine).await;
    for key in [
        "seal.key",
        "offline-root/root-1.key",
        "offline-root/root-2.key",
        "offline-root/root-3.key",
    ] {
        assert_eq!(mode(&registry.data_folder().join(key)), "600", "{key}");
    }
}

/// What whom is allowed with a file, in octal.
fn mode(path: &Path) -> String {
    let metadata = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    format!("{:o}", metadata.permissions().mode() & 0o777)
}

async fn a_first_start_that_ended_while_it_made_the_root_keys_is_made_anew(engine: Engine) {
    let place = Unstarted::on(engine).await;
    let unfinished = place.data_folder().join("offline-root.unfinished");
    fs::create_dir_all(&unfinished).expect("the folder can be made");
    fs::write(unfinished.join("root-1.key"), "half a k").expect("the folder can be written");

    let registry = place.start().await.expect("it starts");
    let root = registry.data_folder().join("offline-root");
    assert_eq!(fs::read_dir(root).expect("the root keys").count(), 3);
    assert!(!unfinished.exists());
    registry.first_operator().await;
}

async fn root_keys_without_their_registry_are_neither_overwritten_nor_taken_for_it(engine: Engine) {
    let place = Unstarted::on(engine).await;
    let root = place.data_folder().join("offline-root");
    fs::create_dir_all(&root).expect("the folder can be made");
    let key = root.join("root-1.key");
    fs::write(&key, "of a registry whose database is elsewhere").expect("it can be written");

    // The sentence names the folder, and what to do in either case.
    let (place, said) = place.start().await.expect_err("it refuses");
    for part in
        [&*root.to_string_lossy(), "cut short, delete it", "not the registry that it belongs to"]
    {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    let kept = fs::read_to_string(&key).expect("it is still there");
    assert_eq!(kept, "of a registry whose database is elsewhere");

    fs::remove_dir_all(&root).expect("it can be deleted");
    place.start().await.expect("it starts").first_operator().await;
}

async fn a_link_that_nobody_read_is_followed_by_another(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let unread = registry.operator_link().to_owned();
    registry.kill9();
    registry.restart().await;
    let link = registry.operator_link().to_owned();
    assert_ne!(link, unread);

    // The last one is good, once; the ones before no more.
    let operator = |link: &str| {
        json!({"email": "late@registry.example", "password": PASSWORD, "name": "Late", "locale": "en",
            "token": link.rsplit('/').next()})
    };
    let anyone = registry.anyone();
    assert_is_dead(&anyone, &unread).await;
    anyone.post("/api/v1/operators", &operator(&unread)).await.problem("sign-in-refused");
    anyone.get_as(&link, "text/html").await.expect(200);
    registry.first_operator().await;
    assert_is_dead(&anyone, &link).await;
    anyone.post("/api/v1/operators", &operator(&link)).await.problem("sign-in-refused");

    // Once there is an operator, no start makes another.
    registry.restart().await;
    assert!(!registry.said().contains("operator link: "), "{}", registry.said());
}

/// Before anything is typed, the page says that the link does not work, and what does.
async fn assert_is_dead(anyone: &Client, link: &str) {
    let page = anyone.get_as(&format!("{link}?lang=en"), "text/html").await.expect(401);
    let page = String::from_utf8(page.body).expect("UTF-8");
    assert!(!page.contains("<form"), "{page}");
    assert!(page.contains("start the registry again and use that one"), "{page}");
}

async fn a_taken_port_of_the_measures_is_said_with_the_option_that_changes_it(engine: Engine) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    let place = Unstarted::on(engine).await;
    let refused = place.start_with(&["--metrics", &address]).await;
    let (place, said) = refused.expect_err("it refuses");
    let sentence = format!("cannot listen on {address}: choose another address with --metrics");
    assert!(said.contains(&sentence), "{said}");

    place.start_with(&["--metrics", "127.0.0.1:0"]).await.expect("it starts");
}

async fn a_registry_keeps_its_origin_and_says_so_to_whoever_starts_it_without(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    registry.kill9();
    let database = registry.database();
    let start = |origin: &[&str]| {
        let mut serve = Command::new(akashi());
        serve.args(["serve", "--listen", "127.0.0.1:0", "--database", &database, "--data"]);
        let refused = serve.arg(registry.data_folder()).args(origin).output().expect("it runs");
        assert_eq!(refused.status.code(), Some(1));
        String::from_utf8(refused.stderr).expect("UTF-8")
    };
    let said = start(&[]);
    let sentence = "origin is https://registry.example: every start names it, with --origin https://registry.example";
    assert!(said.contains(sentence), "{said}");
    let said = start(&["--origin", "https://other.example"]);
    let sentence = "start it with --origin https://registry.example, not https://other.example";
    assert!(said.contains(sentence), "{said}");
    // What was refused changed nothing.
    registry.restart().await;
    registry.first_operator().await;
}

async fn one_process_serves_a_sqlite_file_and_several_a_postgresql(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    registry.first_operator().await;
    let another = registry.another().await;
    match engine {
        Engine::Sqlite => {
            let said = another.expect_err("it refuses");
            let database = registry.data_folder().join("akashi.db");
            let sentence = format!("another akashi serve has {} open", database.display());
            assert!(said.contains(&sentence), "{said}");
        }
        Engine::Postgres => another.expect("it starts"),
    }
    // The one that is there goes on, and its end, however it comes, makes room for the next.
    registry.anyone().get("/readyz").await.expect(200);
    registry.kill9();
    registry.restart().await;
}

async fn what_is_logged_to_a_file_has_no_colours(engine: Engine) {
    let registry = Registry::start(engine).await;
    registry.anyone().get("/readyz").await.expect(200);
    registry.anyone().get("/certificates").await.expect(200);
    let said = eventually("a log", async || registry.said(), |said| said.contains("INFO")).await;
    assert!(!said.contains('\u{1b}'), "{said}");
}

async fn wherever_a_first_start_is_killed_the_next_is_whole_or_says_what_to_do(engine: Engine) {
    for after in [10, 30, 60, 100, 160, 250].map(Duration::from_millis) {
        let place = Unstarted::on(engine).await;
        place.cut_short(after).await;
        let root = place.data_folder().join("offline-root");
        let registry = match place.start().await {
            Ok(registry) => registry,
            Err((place, said)) => {
                assert!(said.contains("cut short, delete it"), "killed after {after:?}: {said}");
                fs::remove_dir_all(&root).expect("it can be deleted");
                place.start().await.expect("it starts")
            }
        };
        assert_eq!(fs::read_dir(root).expect("the root keys").count(), 3);
        Body::opens(&registry).await;
        registry.discard().await;
    }
}

async fn it_ends_in_good_order_as_soon_as_anyone_can_know_that_it_is_there(engine: Engine) {
    let place = Unstarted::on(engine).await;
    let (ended, said) = place.start_unheard().is_asked_to_end().await;
    assert!(ended.success(), "{ended}: {said}");
    assert!(said.contains("listening on "), "{said}");
    Body::opens(&place.start().await.expect("it starts again")).await;
}

async fn what_broken_uploads_left_is_cleared_away(engine: Engine) {
    let mut registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = Company::registers(&registry, 1).await;
    let application = Sides { body: &body, company: &company }.apply().await;
    let file = format!(
        "/api/v1/evidence?application={}&period_from=2026-01-01&period_to=2026-06-30",
        application.id
    );
    let kept = b"%PDF-1.7\nWhole.".to_vec();
    let attached = company.member.post_body(&file, "application/pdf", kept.clone()).await;
    let evidence = format!("/api/v1/evidence/{}", attached.expect(201).text("/id"));
    let whole = registry.evidence_files();

    // The registry is killed while a file arrives.
    let receiving = registry.data_folder().join("evidence/receiving");
    let arriving = || fs::read_dir(&receiving).map_or(0, Iterator::count);
    let upload = company.member.begins_to_post(&file, "application/pdf", b"%PDF-1.7\n").await;
    eventually("a file that arrives", async || arriving(), |files| *files > 0).await;
    registry.kill9();
    drop(upload);
    assert!(arriving() > 0, "a crash leaves something");

    // The same day it may still be an upload to another process, and stays.
    registry.restart().await;
    assert!(arriving() > 0);
    // Two days later it is nobody's.
    for left in fs::read_dir(&receiving).expect("a folder") {
        let left = File::options().write(true).open(left.expect("an entry").path());
        let left = left.expect("a file");
        let made = left.metadata().and_then(|metadata| metadata.modified()).expect("a time");
        let aged = left.set_modified(made - 2 * DAY);
        aged.expect("its time can be set");
    }
    registry.restart().await;
    assert_eq!(arriving(), 0);
    assert_eq!(registry.evidence_files(), whole);
    assert_eq!(company.member.get(&evidence).await.expect(200).body, kept);
}

on_both_engines!(
    nobody_else_on_the_machine_enters_the_folder,
    nobody_else_on_the_machine_reads_a_key,
    a_first_start_that_ended_while_it_made_the_root_keys_is_made_anew,
    root_keys_without_their_registry_are_neither_overwritten_nor_taken_for_it,
    a_link_that_nobody_read_is_followed_by_another,
    a_taken_port_of_the_measures_is_said_with_the_option_that_changes_it,
    a_registry_keeps_its_origin_and_says_so_to_whoever_starts_it_without,
    one_process_serves_a_sqlite_file_and_several_a_postgresql,
    what_is_logged_to_a_file_has_no_colours,
    wherever_a_first_start_is_killed_the_next_is_whole_or_says_what_to_do,
    it_ends_in_good_order_as_soon_as_anyone_can_know_that_it_is_there,
    what_broken_uploads_left_is_cleared_away,
);
