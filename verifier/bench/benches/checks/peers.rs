//! The same whole job, done with other libraries as their documentation shows: signature, form, issuer, dates and the three
//! status bits. None of them knows authorisations, windows of keys, programmes or reports.

use akashi_verifier::status;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use ssi::JWK;
use ssi::claims::VerificationParameters;
use ssi::claims::jws::JwsSlice;
use ssi::claims::vc_jose_cose::JoseVc;

use crate::common::{BODY, World};

/// What a reader of JWTs must do himself.
struct Rest {
    /// The bits of the lists, by their ids.
    lists: Vec<(String, Vec<u8>)>,
    now: jiff::Timestamp,
}

impl Rest {
    fn new(world: &World) -> Self {
        let list = |list: &Value| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let bits = status::decode(&text(&list["credentialSubject"]["encodedList"]));
            (text(&list["id"]), bits.expect("bits"))
        };
        Self { lists: world.lists.iter().map(list).collect(), now: world.now }
    }

    fn check(&self, credential: &Value) {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        assert_eq!(credential["issuer"]["id"], BODY);
        let time = |name: &str| text(&credential[name]).parse::<jiff::Timestamp>().expect("a time");
        assert!(time("validFrom") <= self.now && self.now <= time("validUntil"));
        for entry in credential["credentialStatus"].as_array().expect("entries") {
            let [list, index] =
                ["statusListCredential", "statusListIndex"].map(|name| &entry[name]);
            self.check_status(list.as_str().expect("a list"), index.as_str().expect("an index"));
        }
    }

    fn check_status(&self, list: &str, index: &str) {
        let (_, bits) = self.lists.iter().find(|(known, _)| list == known).expect("a known list");
        let index: usize = index.parse().expect("a number");
        assert_eq!(bits[index / 8] & (0x80 >> (index % 8)), 0);
    }
}

/// `jsonwebtoken`, which reads JWTs.
pub(crate) struct JsonWebToken {
    key: DecodingKey,
    validation: Validation,
    rest: Rest,
}

impl JsonWebToken {
    pub(crate) fn new(world: &World) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let x = URL_SAFE_NO_PAD.encode(world.body_key.verifying_key().as_bytes());
        let key = DecodingKey::from_ed_components(&x).expect("a key");
        Self { key, validation, rest: Rest::new(world) }
    }

    pub(crate) fn check(&self, jwt: &[u8]) {
        let token = jsonwebtoken::decode::<Value>(jwt, &self.key, &self.validation);
        self.rest.check(&token.expect("good").claims);
    }
}

/// `ssi`, which reads verifiable credentials. It does not know `eddsa-jcs-2022`.
pub(crate) struct Ssi {
    key: JWK,
    rest: Rest,
}

impl Ssi {
    pub(crate) fn new(world: &World) -> Self {
        let x = URL_SAFE_NO_PAD.encode(world.body_key.verifying_key().as_bytes());
        let key = serde_json::from_value(json!({"kty": "OKP", "crv": "Ed25519", "x": x}));
        Self { key: key.expect("a key"), rest: Rest::new(world) }
    }

    pub(crate) fn check(&self, jwt: &[u8]) {
        let jws = JwsSlice::new(jwt).expect("a JWS");
        let credential = JoseVc::decode_any(jws).expect("a credential");
        // It looks at the dates, too.
        let parameters = VerificationParameters::from_resolver(&self.key);
        pollster::block_on(credential.verify(parameters)).expect("a verdict").expect("good");
        let credential = &credential.signing_bytes.payload.0;
        assert_eq!(credential.issuer.id(), BODY);
        for entry in &credential.credential_status {
            let text = |name| entry.extra_properties[name].as_str().expect("a text");
            self.rest.check_status(text("statusListCredential"), text("statusListIndex"));
        }
    }
}
