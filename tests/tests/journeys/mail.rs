//! People are told by mail of what happens, each in their language, never twice, and read the same on a page.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use akashi_tests::{
    Browser, Case, Cast, Engine, Person, Registry, Step, eventually, on_both_engines, words,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as somebody receives it.
#[derive(Clone, Debug)]
struct Received {
    raw: String,
    to: String,
    message_id: String,
    text: String,
}

impl Received {
    fn read(raw: &str) -> Received {
        let (head, body) = raw.split_once("\r\n\r\n").expect("headers and a body");
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name} in {head}")).trim().to_owned()
        };
        let plain = body.split("--akashi-").find(|part| part.contains("text/plain"));
        let (how, text) = plain.expect("a plain part").split_once("\r\n\r\n").expect("a part");
        Received {
            raw: raw.to_owned(),
            to: header("To:"),
            message_id: header("Message-ID:"),
            text: decoded(how, text),
        }
    }

    /// The line that says what happened.
    fn says(&self) -> &str {
        self.text.lines().nth(2).expect("a third line")
    }
}

/// A part's text (RFC 2045, section 6).
fn decoded(headers: &str, text: &str) -> String {
    let bytes = if headers.contains("base64") {
        let text: String = text.split_whitespace().collect();
        BASE64_STANDARD.decode(text).expect("base64")
    } else if headers.contains("quoted-printable") {
        let joined = text.replace("=\r\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            if *first == b'=' {
                let hex = std::str::from_utf8(&after[..2]).expect("two digits");
                bytes.push(u8::from_str_radix(hex, 16).expect("hexadecimal"));
                rest = &after[2..];
            } else {
                bytes.push(*first);
                rest = after;
            }
        }
        bytes
    } else {
        text.as_bytes().to_vec()
    };
    String::from_utf8(bytes).expect("UTF-8")
}

/// All mail that lies in the registry's folder.
fn folder(registry: &Registry) -> Vec<Received> {
    let files = fs::read_dir(registry.data_folder().join("mail")).expect("a folder of mail");
    let files = files.map(|entry| entry.expect("an entry").path());
    let whole = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    whole.map(|path| Received::read(&fs::read_to_string(path).expect("a mail"))).collect()
}

async fn in_japanese(person: &Person) {
    let me = person.get("/api/v1/me").await.expect(200);
    let change = json!({"version": me.number("/version"), "locale": "ja"});
    person.patch("/api/v1/me", &change).await.expect(200);
}

/// Two cases: one whose findings are answered, and one that is certified, complained of, suspended and appealed; one
/// that is given back, and one that is declined.
async fn the_whole_way(registry: &Registry, cast: &Cast) {
    let case = cast.bring_rated_below(1, Step::Completed, "minor").await;
    let plan = json!({"version": 1, "cause": words(), "plan": words()});
    cast.applicant.post(&format!("{}/plan", case.finding_path()), &plan).await.expect(200);
    let mut certified = cast.bring(2, Step::Active).await;
    let record = cast.decision_maker.get(&certified.certificate_path()).await.expect(200);
    let suspend = json!({"version": record.number("/version"), "cause": "access",
        "reason": words(), "public_reason": "A visit is due.", "heard": true});
    let path = format!("{}/suspend", certified.certificate_path());
    cast.decision_maker.post(&path, &suspend).await.expect(200);
    cast.is_complained_of(&registry.anyone(), &mut certified).await;
    cast.is_appealed(&mut certified).await;
    for (n, event) in [(3, "return"), (4, "decline")] {
        let case = cast.bring(n, Step::Submitted).await;
        is_moved(cast, &case, event).await;
    }
}

async fn is_moved(cast: &Cast, case: &Case, event: &str) {
    let version = cast.application(case).await.number("/version");
    let with = json!({"version": version, "reason": words()});
    let path = format!("{}/{event}", case.application_path());
    cast.quality_manager.post(&path, &with).await.expect(200);
}

/// Who is told what on the whole way: the name of the address, a part of the sentence, and of which company.
const TOLD: &[(&str, &str, u32)] = &[
    ("lead", "task on the application of {}: lead assessor.", 1),
    ("assessor", "task on the application of {}: assessor.", 1),
    ("reviewer", "task on the application of {}: reviewer.", 1),
    ("decision-maker", "task on the application of {}: decision maker.", 1),
    ("lead", "task on the application of {}: lead assessor.", 2),
    ("assessor", "task on the application of {}: assessor.", 2),
    ("reviewer", "task on the application of {}: reviewer.", 2),
    ("decision-maker", "task on the application of {}: decision maker.", 2),
    ("applicant", "認証機関が{}の申請を受理しました。", 1),
    ("applicant", "認証機関が{}の申請を受理しました。", 2),
    ("applicant", "{}の審査で指摘事項がありました。", 1),
    ("lead", "{} has answered findings of your assessment.", 1),
    ("decision-maker", "The review of {} is finished", 2),
    ("applicant", "認証機関が{}の申請について決定しました。", 2),
    ("applicant", "一時停止されています。", 2),
    ("applicant", "認証機関が{}の申請を差し戻しました。", 3),
    ("applicant", "認証機関は{}の申請を受理しませんでした。", 4),
    ("quality-manager", "has received a complaint.", 2),
    ("quality-manager", "A company appeals against a decision", 2),
];

async fn each_is_told_what_is_theirs_in_their_language(engine: Engine) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    in_japanese(&cast.applicant).await;
    the_whole_way(&registry, &cast).await;
    let invitations = |mail: &Received| mail.text.contains("You are invited to act for");
    let all = async || {
        folder(&registry).into_iter().filter(|mail| !invitations(mail)).collect::<Vec<_>>()
    };
    let mails = eventually("the mail", all, |mails| mails.len() >= TOLD.len()).await;
    let mut told = Vec::new();
    for (who, sentence, n) in TOLD {
        let sentence = sentence.replace("{}", &format!("例示製作所{n}株式会社"));
        let to = format!("{who}@people.example");
        let fits = |mail: &&Received| mail.to == to && mail.says().contains(&sentence);
        let found = mails.iter().filter(fits).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{who}: {sentence}, of {mails:#?}");
        told.push(&found[0].message_id);
    }
    let told: BTreeSet<_> = told.into_iter().collect();
    let more: Vec<_> = mails.iter().filter(|mail| !told.contains(&mail.message_id)).collect();
    assert!(more.is_empty(), "nobody is told more: {more:#?}");
    for mail in &mails {
        assert!(!mail.text.contains(words()["text"].as_str().expect("a text")), "no reasons");
    }
    let invited = folder(&registry).iter().filter(|mail| invitations(mail)).count();
    assert!(invited >= 4, "the body's people were invited");
}

async fn a_message_s_page_says_what_its_mail_says_to_nobody_else(engine: Engine) {
    let registry = Registry::start(engine).await;
    let cast = Cast::gather(&registry).await;
    cast.bring(1, Step::Accepted).await;
    let to_applicant = async || {
        let mails = folder(&registry);
        mails.into_iter().find(|mail| mail.to == cast.applicant.email)
    };
    let mail = eventually("the mail", to_applicant, Option::is_some).await.expect("a mail");
    let browser = Browser::signed_in(&registry, &cast.applicant.email).await;
    assert!(browser.read("/desk").await.expect(200).says("href=\"/desk/mail\""));
    let link = mail.text.lines().find(|line| line.contains("/desk/mail/")).expect("its page");
    let path = &link[link.find("/desk/mail/").expect("a path")..];
    assert!(browser.read("/desk/mail").await.expect(200).says(&format!("href=\"{path}\"")));
    let page = browser.read(path).await.expect(200);
    assert!(page.says(mail.says()), "{page:?}");
    let other = Browser::signed_in(&registry, &cast.quality_manager.email).await;
    other.read(path).await.expect(404);
    assert!(!other.read("/desk/mail").await.expect(200).says(path));
}

/// A server that speaks as much SMTP (RFC 5321) as it must.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    /// How many receivers are still put off.
    put_off: usize,
    /// The address that is refused for good.
    refused: &'static str,
    attempts: usize,
    taken: Vec<String>,
}

impl Server {
    /// Listens; gives its port.
    async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.speak(stream).await });
            }
        });
        port
    }

    fn heard<T>(&self, ask: impl FnOnce(&mut Heard) -> T) -> T {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn taken(&self) -> Vec<Received> {
        self.heard(|heard| heard.taken.iter().map(|mail| Received::read(mail)).collect())
    }

    /// What is answered to a receiver.
    fn receives(&self, line: &str) -> &'static str {
        self.heard(|heard| {
            heard.attempts += 1;
            if heard.put_off > 0 {
                heard.put_off -= 1;
                return "451 later";
            }
            let is_refused = !heard.refused.is_empty() && line.contains(heard.refused);
            if is_refused { "550 nobody here" } else { "250 ok" }
        })
    }

    async fn speak(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 fake\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let answer = match line.get(..4).unwrap_or_default() {
                "RCPT" => self.receives(&line),
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await.ok()? {
                        if line == "." {
                            break;
                        }
                        mail += line.strip_prefix('.').unwrap_or(&line);
                        mail += "\r\n";
                    }
                    self.heard(|heard| heard.taken.push(mail));
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }
}

async fn served_by(engine: Engine, server: &Server) -> Registry {
    let url = format!("smtp://127.0.0.1:{}", server.listen().await);
    let from = "Akashi <registry@registry.example>";
    Registry::start_with(engine, &["--smtp", &url, "--mail-from", from]).await
}

async fn what_a_server_puts_off_is_sent_once_also_over_a_restart(engine: Engine) {
    let server = Server::default();
    server.heard(|heard| heard.put_off = 3);
    let mut registry = served_by(engine, &server).await;
    let cast = Cast::gather(&registry).await;
    cast.bring(1, Step::Accepted).await;
    let of_applicant = async || {
        let mails = server.taken();
        mails.into_iter().filter(|mail| mail.to == cast.applicant.email).count()
    };
    eventually("the mail", of_applicant, |count| *count == 1).await;
    let invited = async || server.taken().len();
    eventually("what was put off", invited, |count| *count >= 6).await;
    registry.restart().await;
    cast.bring(2, Step::Accepted).await;
    eventually("the second mail", of_applicant, |count| *count == 2).await;
    let mails = server.taken();
    let ids: BTreeSet<_> = mails.iter().map(|mail| &mail.message_id).collect();
    assert_eq!(ids.len(), mails.len(), "none is sent twice");
    assert_eq!(server.heard(|heard| heard.attempts), mails.len() + 3, "three were put off");
    assert!(mails.iter().all(|mail| mail.raw.contains("<registry@registry.example>")));
    assert!(!registry.data_folder().join("mail").exists(), "a folder is for where no server is");
}

async fn what_a_server_refuses_for_good_is_not_asked_again_and_keeps_nothing_waiting(
    engine: Engine,
) {
    let server = Server::default();
    server.heard(|heard| heard.refused = "applicant@");
    let registry = served_by(engine, &server).await;
    let cast = Cast::gather(&registry).await;
    cast.bring(1, Step::Planned).await;
    let to_lead =
        async || server.taken().iter().filter(|mail| mail.text.contains("lead assessor")).count();
    eventually("what comes after", to_lead, |count| *count == 1).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let (attempts, taken) = server.heard(|heard| (heard.attempts, heard.taken.len()));
    assert_eq!(attempts, taken + 1, "asked once, and no more");
    let seen = cast.operator.get("/api/v1/mail").await.expect(200);
    assert_eq!((seen.number("/failed"), seen.number("/waiting")), (1, 0), "{seen}");
    assert_eq!(seen.text("/failures/items/0/account"), cast.applicant.id);
    assert_eq!(seen.text("/failures/items/0/last_error"), "the server answered 550");
    let log = registry.said();
    assert!(log.contains("refused for good") && !log.contains("applicant@people.example"), "{log}");
}

on_both_engines!(
    each_is_told_what_is_theirs_in_their_language,
    a_message_s_page_says_what_its_mail_says_to_nobody_else,
    what_a_server_puts_off_is_sent_once_also_over_a_restart,
    what_a_server_refuses_for_good_is_not_asked_again_and_keeps_nothing_waiting,
);
