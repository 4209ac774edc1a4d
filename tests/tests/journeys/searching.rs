//! What the public finds: a company by any name it has or had, in any script, and where it is; and what its pages say.

use akashi_tests::{
    Body, Company, Engine, Granted, LEADING, Registry, Sides, corporate_number, on_both_engines,
};
use serde_json::{Value, json};

/// A company with a name in each script.
async fn registers(registry: &Registry) -> Company {
    let number = corporate_number(7);
    let party = json!({
        "kind": "company", "name": "株式会社例示大空水産", "country": "JP", "municipality": "例示市",
        "names": [
            {"kind": "kana", "name": "レイジオオゾラスイサン"},
            {"kind": "roman", "name": "Reiji Ōzora-Suisan Co., Ltd."},
            {"kind": "former", "name": "例示夕焼漁業"},
        ],
        "identifiers": [{"scheme": "jp_corporate_number", "value": number}],
    });
    Company::registers_as(registry, 7, &party, number).await
}

async fn found(registry: &Registry, query: &[(&str, &str)]) -> Value {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let path = format!("/certificates?{query}");
    registry.anyone().get_as(&path, "application/json").await.expect(200).json["items"].clone()
}

async fn page(registry: &Registry, path: &str) -> String {
    let answer = registry.anyone().get_as(path, "text/html").await.expect(200);
    String::from_utf8(answer.body).expect("UTF-8")
}

async fn is_certified(registry: &Registry, body: &Body, company: &Company) -> Granted {
    let granted = Sides { body, company }.certify(LEADING, "leading").await;
    granted.credential(registry).await;
    granted.public_once(registry, "active").await;
    granted
}

async fn a_company_is_found_by_every_name_it_has_or_had_and_by_where_it_is(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = registers(&registry).await;
    let granted = is_certified(&registry, &body, &company).await;
    for asked in [
        "例示大空水産",
        "㈱例示大空水産",
        "れいじおおぞらすいさん",
        "ﾚｲｼﾞｵｵｿﾞﾗ",
        "OZORA SUISAN",
        "reiji oozora suisan k.k.",
        "reijiouzorasuisan",
        "reiji ozroa",
        "例示夕焼漁業",
        &company.corporate_number,
    ] {
        let items = found(&registry, &[("q", asked)]).await;
        assert_eq!(items[0]["number"], granted.certificate, "{asked}: {items:#}");
    }
    for place in ["JP-23", "愛知県", "aichi", "例示市"] {
        let items =
            found(&registry, &[("q", "ozora"), ("place", place), ("state", "active")]).await;
        assert_eq!(items[0]["number"], granted.certificate, "{place}: {items:#}");
    }
    // Where its workers live is not told: neither by address nor by the name of the street.
    for (name, value) in [("place", "JP-13"), ("place", "1-2 Example"), ("q", "夜空建設")] {
        assert_eq!(found(&registry, &[(name, value)]).await, json!([]), "{value}");
    }
    let list = page(&registry, "/certificates?lang=en").await;
    assert!(list.contains("formerly 例示夕焼漁業") && list.contains("facilities: 3"), "{list}");
}

async fn a_change_of_name_or_place_is_found_at_once_and_the_old_name_stays(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = registers(&registry).await;
    let granted = is_certified(&registry, &body, &company).await;
    let terminate = granted.decision(&company.member, json!({})).await;
    company.member.post(&granted.path("terminate"), &terminate).await.expect(200);
    granted.public_once(&registry, "terminated").await;

    let party = format!("/api/v1/parties/{}", company.id);
    let version = company.member.get(&party).await.expect(200).number("/version");
    let change = json!({"version": version, "name": "別例朝凪株式会社", "municipality": "別例町"});
    company.member.patch(&party, &change).await.expect(200);
    akashi_tests::eventually(
        "the new name is found",
        async || found(&registry, &[("q", "朝凪"), ("place", "別例町")]).await,
        |items| items[0]["number"] == granted.certificate,
    )
    .await;
    let items = found(&registry, &[("q", "例示大空水産")]).await;
    assert_eq!(items[0]["holder"], "株式会社例示大空水産", "what was certified bears the old name");
    let list = page(&registry, "/certificates?q=ozora&lang=en").await;
    assert!(list.contains("now called 別例朝凪株式会社"), "{list}");
    assert!(found(&registry, &[("place", "例示市")]).await == json!([]));

    // What is made anew finds the same.
    registry.run("rebuild");
    let items = found(&registry, &[("q", "別例朝凪")]).await;
    assert_eq!(items[0]["number"], granted.certificate);
}

async fn a_certificates_page_says_what_was_and_was_not_looked_at_and_who_vouches(engine: Engine) {
    let registry = Registry::start(engine).await;
    let body = Body::opens(&registry).await;
    let company = registers(&registry).await;
    let granted = is_certified(&registry, &body, &company).await;
    let here = format!("/certificates/{}", granted.certificate);
    let html = page(&registry, &format!("{here}?lang=en")).await;
    for words in [
        "What was looked at",
        "Facilities that it covers: 3",
        "What was not looked at",
        "Facilities that are not listed here",
        "What happened between two visits",
        "the quality of its products",
        "Source: the company",
        "Source: the certification body",
        "Source: the registry&#39;s log",
        "--require-log",
        &format!("href=\"/facilities/{}?lang=en\"", company.site),
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let japanese = page(&registry, &format!("{here}?lang=ja")).await;
    for words in ["審査していないこと", "裏付け：認証機関", "裏付け：登録簿のログ"]
    {
        assert!(japanese.contains(words), "{words}: {japanese}");
    }
    let facility = page(&registry, &format!("/facilities/{}?lang=en", company.site)).await;
    assert!(facility.contains(&here) && facility.contains("See all certificates"), "{facility}");
}

on_both_engines!(
    a_company_is_found_by_every_name_it_has_or_had_and_by_where_it_is,
    a_change_of_name_or_place_is_found_at_once_and_the_old_name_stays,
    a_certificates_page_says_what_was_and_was_not_looked_at_and_who_vouches,
);
