//! The shipped files, byte for byte.

/// The first programme, *Responsible Hosting of Foreign Migrant Workers*, as JSON for
/// [`Programme::from_json`](crate::Programme::from_json).
pub const RESPONSIBLE_HOSTING: &str = include_str!("../programmes/responsible-hosting.json");

/// The JSON Schema (2020-12) of a programme. It describes the shape; what a schema cannot say is
/// checked by [`Programme::from_json`](crate::Programme::from_json), which needs no schema.
pub const PROGRAMME_SCHEMA: &str = include_str!("../json/programme.schema.json");

/// The JSON-LD context of Akashi's own terms, served at `ORIGIN/contexts/akashi/v1` and the third
/// context of a credential.
pub const AKASHI_CONTEXT_V1: &str = include_str!("../contexts/akashi-v1.jsonld");

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shipped(text: &str) -> Value {
        serde_json::from_str(text).expect("a shipped file is JSON")
    }

    #[test]
    fn the_schema_is_a_valid_one_and_the_shipped_programme_passes_it() {
        let schema = shipped(PROGRAMME_SCHEMA);
        jsonschema::meta::validate(&schema).expect("a valid schema");
        let validator = jsonschema::draft202012::new(&schema).expect("a usable schema");
        let errors: Vec<_> = validator
            .iter_errors(&shipped(RESPONSIBLE_HOSTING))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }

    #[test]
    fn the_schema_refuses_what_the_reader_refuses_by_shape() {
        let validator =
            jsonschema::draft202012::new(&shipped(PROGRAMME_SCHEMA)).expect("a usable schema");
        for (parent, member, value) in [
            ("", "note", json!("unknown")),
            ("/levels/0", "max_minor", json!(2)),
            ("/levels/0", "max_below_per_section", json!("none")),
            ("/criteria/0", "kind", json!("grave")),
            ("/criteria/0", "weight", json!(0)),
            ("/criteria/0", "applies_to", json!(["all", "agents_used"])),
            ("/criteria/0/title", "ja", json!(" ")),
            ("/criteria/0/evidence", "all_of", json!([])),
            ("/rules/open_findings_at_grant", "minor", json!("soon")),
        ] {
            let mut programme = shipped(RESPONSIBLE_HOSTING);
            programme["criteria"][0]["evidence"]["any_of"] = json!([]);
            assert!(validator.is_valid(&programme));
            programme.pointer_mut(parent).expect("the parent exists")[member] = value;
            assert!(!validator.is_valid(&programme), "{parent}/{member}");
        }
    }

    #[test]
    fn no_cited_norm_is_cut_in_two() {
        let programme = shipped(RESPONSIBLE_HOSTING);
        for criterion in programme["criteria"].as_array().expect("criteria") {
            for reference in criterion["references"].as_array().expect("references") {
                let cite = reference["cite"].as_str().expect("cite");
                assert_eq!(
                    cite.matches('(').count(),
                    cite.matches(')').count(),
                    "{}: {cite}",
                    criterion["id"]
                );
            }
        }
    }

    /// JSON-LD 1.1, 4.1.11: a protected term may be defined again only in the same words. `nonce`
    /// is also a term of a `DataIntegrityProof` in the W3C credentials context, which stands inside
    /// the documents that carry ours.
    #[test]
    fn the_context_protects_its_terms_and_agrees_with_the_w3c_about_nonce() {
        let context = &shipped(AKASHI_CONTEXT_V1)["@context"];
        assert_eq!(context["@protected"], json!(true));
        assert_eq!(context["nonce"], json!("https://w3id.org/security#nonce"));
        assert_eq!(context["programmeDigest"]["@id"], json!("akashi:programmeDigest"));
        assert_eq!(context["certificateVersion"]["@type"], json!("xsd:integer"));
        assert_eq!(context.get("@vocab"), None, "UNTP forbids @vocab in an extension");
    }
}
