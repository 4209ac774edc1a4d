//! What is done on an assessment's page.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::show;
use crate::certification::api::assessments::{moves, review};
use crate::certification::ids::AssessmentId;
use crate::platform::app::App;
use crate::platform::forms::{Sent, Typed};
use crate::platform::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/desk/assessments/{id}/start", post(start))
        .route("/desk/assessments/{id}/complete", post(complete))
        .route("/desk/assessments/{id}/forward", post(forward))
        .route("/desk/assessments/{id}/abort", post(abort))
        .route("/desk/assessments/{id}/review", post(give_review))
}

async fn answer(
    app: &App,
    sent: Sent,
    id: &AssessmentId,
    form: &'static str,
    done: Result<Response, Problem>,
) -> Response {
    match done {
        Ok(_) => sent.visitor.go(format!("/desk/assessments/{id}?done={form}")),
        Err(problem) => show(app, &sent.visitor, id, &sent.back(app, form, problem)).await,
    }
}

fn reasoned(typed: &Typed) -> Value {
    json!({ "version": typed.number("version"), "reason": typed.note("reason") })
}

async fn start(State(app): State<App>, Path(id): Path<AssessmentId>, mut sent: Sent) -> Response {
    let body = json!({ "version": sent.typed.number("version") });
    let done = sent
        .carry_out(body, |write| moves::start(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "start", done).await
}

/// A tally as it is typed, `vi 3, id 2`: language and count, one after the other.
fn tally(text: &str) -> Value {
    let pairs = text.split([',', '、', ';', '\n']).map(str::trim).filter(|pair| !pair.is_empty());
    let read = |pair: &str| {
        let (language, count) = pair.rsplit_once([' ', ':', '=', '\u{3000}'])?;
        Some((language.trim().to_owned(), count.trim().parse::<u32>().ok()?))
    };
    // What cannot be read is passed on as it is, for the API to refuse by its place.
    let read: Option<BTreeMap<_, _>> = pairs.map(read).collect();
    read.map_or_else(|| json!(text), |held| json!(held))
}

async fn complete(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    mut sent: Sent,
) -> Response {
    let typed = &sent.typed;
    let held: BTreeMap<_, _> = typed
        .pairs()
        .filter_map(|(name, text)| Some((name.strip_prefix("held.")?, tally(text))))
        .collect();
    let body = json!({
        "version": typed.number("version"), "interviews": held,
        "shortfall_reason": typed.optional_note("shortfall_reason"),
    });
    let done = sent
        .carry_out(body, |write| moves::complete(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "complete", done).await
}

async fn forward(State(app): State<App>, Path(id): Path<AssessmentId>, mut sent: Sent) -> Response {
    let body = reasoned(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::forward(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "forward", done).await
}

async fn abort(State(app): State<App>, Path(id): Path<AssessmentId>, mut sent: Sent) -> Response {
    let body = reasoned(&sent.typed);
    let done = sent
        .carry_out(body, |write| moves::abort(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "abort", done).await
}

async fn give_review(
    State(app): State<App>,
    Path(id): Path<AssessmentId>,
    mut sent: Sent,
) -> Response {
    let typed = &sent.typed;
    let level = typed.optional("level").filter(|_| typed.text("recommendation") == "grant");
    let body = json!({
        "version": typed.number("version"), "recommendation": typed.text("recommendation"), "level": level,
        "na_accepted": typed.ticked("na_accepted"), "reason": typed.note("reason"),
    });
    let done = sent
        .carry_out(body, |write| review::review(State(app.clone()), Path(id.clone()), write))
        .await;
    answer(&app, sent, &id, "review", done).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_typed_as_one_says_it() {
        assert_eq!(tally("vi 3, id 2"), json!({ "vi": 3, "id": 2 }));
        assert_eq!(
            tally("zh-Hant：2、vi 3").as_str(),
            Some("zh-Hant：2、vi 3"),
            "a colon of another script"
        );
        assert_eq!(tally("ne:1;\nmy=4"), json!({ "ne": 1, "my": 4 }));
        assert_eq!(tally(" "), json!({}));
        assert_eq!(tally("many"), json!("many"), "refused by the API, and not taken for none");
    }
}
